using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ShoppingSystem.Kafka;

/// <summary>Whether the brokers answer and know the topic. Asks for metadata only, and at most every two seconds.</summary>
internal sealed class KafkaHealth(KafkaTopic topic) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await topic.ObserveAsync().WaitAsync(cancellationToken) switch
        {
            { Problem: { } problem } => HealthCheckResult.Unhealthy(problem),
            { Leaderless: > 0 } state => HealthCheckResult.Degraded(
                $"{state.Leaderless} of {state.Partitions} partitions of {topic.Name} have no leader"),
            _ => HealthCheckResult.Healthy(),
        };
}
