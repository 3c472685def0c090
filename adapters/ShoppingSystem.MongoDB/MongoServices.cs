using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using MongoDB.Driver;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.MongoDB;

/// <summary>Puts MongoDB under the ports of the record.</summary>
public static class MongoServices
{
    private const string DefaultDatabase = "shopping";

    // The driver's own defaults; what differs from them was configured and is left as it is.
    private static readonly TimeSpan DriversServerSelection = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ServerSelection = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Socket = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Adds <see cref="IPurchaseStore"/>, <see cref="IDeadLetters"/>, the creation of their indexes on start, and the health
    /// check <c>mongo</c>. Needs an <see cref="IMongoClient"/> in the container, and takes the <see cref="IMongoDatabase"/>
    /// from there, or the database <c>shopping</c> where the connection string names none.
    /// </summary>
    public static IServiceCollection AddMongoPurchaseStore(this IServiceCollection services)
    {
        services.TryAddSingleton(provider => provider.GetRequiredService<IMongoClient>().GetDatabase(DefaultDatabase));
        services.TryAddSingleton<IPurchaseStore, MongoPurchaseStore>();
        services.TryAddSingleton<IDeadLetters, MongoDeadLetters>();
        services.AddSingleton<MongoIndexes>();
        services.AddHostedService(provider => provider.GetRequiredService<MongoIndexes>());
        services.AddHealthChecks().AddCheck<MongoHealth>("mongo");
        return services;
    }

    /// <summary>
    /// Configures the client so that trouble is noticed soon: within 5 s when no server can be reached, within 30 s when one
    /// hangs. The driver tries once more, where that is safe; then whoever waits gets an error and may try again. The recorder
    /// does so by itself.
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
