using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ShoppingSystem.Kafka;

/// <summary>
/// Whether the brokers answer, know the topic and accept appends to it. Asks for metadata only, at most every two
/// seconds; whether appends succeed is known from customers' purchases or, without any, from the rights that the brokers report.
/// </summary>
internal sealed class KafkaHealth(TopicObserver topic, AuthorizedOperations operations, AppendRefusals appends) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var state = await topic.ObserveAsync().WaitAsync(cancellationToken);
        if (state.Problem is { } problem)
        {
            return HealthCheckResult.Unhealthy(problem);
        }

        if (state.Obstacle is { } obstacle && (appends.IsUsed || state.Leaderless > 0))
        {
            var closed = state.Leaderless + (appends.IsUsed ? state.Starved : 0);
            return closed >= state.Partitions ? HealthCheckResult.Unhealthy(obstacle) : HealthCheckResult.Degraded(obstacle);
        }

        appends.Learn(state);
        if (appends.IsUsed && !appends.HasSucceededLately && appends.Learn(await operations.ObserveAsync().WaitAsync(cancellationToken)) is { } missing)
        {
            return HealthCheckResult.Unhealthy(missing);
        }

        return appends.Problem(out var isTotal) is not { } refusal ? HealthCheckResult.Healthy()
            : isTotal ? HealthCheckResult.Unhealthy(refusal)
            : HealthCheckResult.Degraded(refusal);
    }
}
