using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using MongoDB.Driver;
using OpenTelemetry.Trace;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.MongoDB;

/// <summary>Registers the MongoDB adapters of the record's ports.</summary>
public static class MongoServices
{
    private const string ConnectionName = "shopping";
    private const string DefaultDatabase = "shopping";

    // The driver's own defaults; a value that differs from them was configured and is kept.
    private static readonly TimeSpan DriversServerSelection = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ServerSelection = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Socket = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Adds <see cref="IPurchaseStore"/>, <see cref="IDeadLetters"/>, the creation of their indexes on start, and the health
    /// check <c>mongo</c>, for the server of <c>ConnectionStrings:shopping</c> and the database that it names, or <c>shopping</c>.
    /// </summary>
    /// <exception cref="OptionsValidationException">The connection string can't be used.</exception>
    public static void AddMongoPurchaseStore(this IHostApplicationBuilder builder)
    {
        try
        {
            _ = MongoClientSettings.FromConnectionString(builder.Configuration.GetConnectionString(ConnectionName));
        }
        catch (MongoConfigurationException)
        {
            // The driver's message quotes the connection string, sometimes with the password in it.
            throw new OptionsValidationException(ConnectionName, typeof(MongoClientSettings), [
                $"ConnectionStrings:{ConnectionName} is not a MongoDB connection string such as mongodb://user:password@host/shopping?tls=true, with special characters percent-encoded."]);
        }

        // Health: the adapter has its own. Signals: the driver traces itself; the integration would do it again, by the driver's events.
        builder.AddMongoDBClient(ConnectionName, mongo => mongo.DisableHealthChecks = mongo.DisableTracing = true, client => client.ForPurchases());
        var services = builder.Services;
        services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddSource(MongoTelemetry.ActivitySourceName));
        services.TryAddSingleton(provider => provider.GetRequiredService<IMongoClient>().GetDatabase(DefaultDatabase));
        services.TryAddSingleton<IPurchaseStore, MongoPurchaseStore>();
        services.TryAddSingleton<IDeadLetters, MongoDeadLetters>();
        services.AddSingleton<MongoIndexes>();
        services.AddHostedService(provider => provider.GetRequiredService<MongoIndexes>());
        services.AddHealthChecks().AddCheck<MongoHealth>("mongo");
    }

    /// <summary>
    /// Configures the client to detect failures soon: within 5 s when no server can be reached, within 30 s when one hangs. The
    /// driver retries once where that is safe; then the caller gets an error and may retry. The recorder
    /// retries by itself.
    /// </summary>
    public static MongoClientSettings ForPurchases(this MongoClientSettings settings)
    {
        settings.ApplicationName ??= AppDomain.CurrentDomain.FriendlyName;
        if (settings.ServerSelectionTimeout == DriversServerSelection)
        {
            settings.ServerSelectionTimeout = ServerSelection;
        }

        if (settings.SocketTimeout == TimeSpan.Zero)
        {
            settings.SocketTimeout = Socket;
        }

        return settings;
    }
}
