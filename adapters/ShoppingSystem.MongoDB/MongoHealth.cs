using Microsoft.Extensions.Diagnostics.HealthChecks;
using MongoDB.Bson;
using MongoDB.Driver;

namespace ShoppingSystem.MongoDB;

/// <summary>Whether MongoDB answers within two seconds and the indexes are there.</summary>
internal sealed class MongoHealth(IMongoDatabase database, MongoIndexes indexes) : IHealthCheck
{
    private static readonly BsonDocument Ping = new("ping", 1);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (indexes.Missing is { } missing)
        {
            return HealthCheckResult.Unhealthy(missing);
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        try
        {
            await database.RunCommandAsync<BsonDocument>(Ping, cancellationToken: timeout.Token);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e) when (e is MongoException or TimeoutException)
        {
            return HealthCheckResult.Unhealthy(ErrorTexts.Describe(e));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy($"no answer within {Timeout.TotalSeconds} s");
        }
    }
}
