using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MongoDB.Driver;
using MongoDB.Driver.Core.Configuration;

// The part of Aspire.MongoDB.Driver that is used here, for builds that can't restore it (WithoutAspireIntegrations): same names and
// shapes, so that the code that uses it is the same with either.
namespace Microsoft.Extensions.Hosting;

/// <summary>How a MongoDB client is registered. Unlike Aspire's, it has no health check and traces to switch off.</summary>
internal sealed class MongoDBSettings
{
    /// <summary>Changes nothing here.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Changes nothing here.</summary>
    public bool DisableTracing { get; set; }
}

internal static class AspireMongoDB
{
    /// <summary>
    /// Registers an <see cref="IMongoClient"/> for <c>ConnectionStrings:NAME</c>, and an <see cref="IMongoDatabase"/> where the
    /// connection string names one.
    /// </summary>
    /// <exception cref="MongoConfigurationException">The connection string can't be used.</exception>
    public static void AddMongoDBClient(
        this IHostApplicationBuilder builder, string connectionName,
        Action<MongoDBSettings> configureSettings, Action<MongoClientSettings> configureClientSettings)
    {
        configureSettings(new());
        var connection = builder.Configuration.GetConnectionString(connectionName)
            ?? throw new InvalidOperationException($"ConnectionStrings:{connectionName} is missing.");
        builder.Services.AddSingleton<IMongoClient>(services =>
        {
            var settings = MongoClientSettings.FromConnectionString(connection);
            configureClientSettings(settings);
            settings.LoggingSettings ??= new LoggingSettings(services.GetRequiredService<ILoggerFactory>());
            return new MongoClient(settings);
        });
        if (MongoUrl.Create(connection).DatabaseName is { } database)
        {
            builder.Services.AddSingleton(services => services.GetRequiredService<IMongoClient>().GetDatabase(database));
        }
    }
}
