using Microsoft.Extensions.Diagnostics.HealthChecks;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>Whether the recorder is at work or held up, and by what: the store, or the feed.</summary>
internal sealed class RecorderState(IPurchaseFeed feed)
{
    private volatile string? _heldUpBy;

    /// <summary>Why nothing, or not everything, is being recorded at the moment; null when all is well.</summary>
    public string? HeldUpBy => _heldUpBy ?? feed.Problem;

    /// <summary>What can't be recorded any more, because it has gone from the log; null when nothing has.</summary>
    public FeedLoss? Loss => feed.Loss;

    public void HeldUp(string reason) => _heldUpBy = reason;

    public void AtWork() => _heldUpBy = null;
}

/// <summary>
/// Red while acknowledged purchases can't be recorded: they wait in the log. Degraded once some have gone from the log before
/// they were recorded, until the process is started again: somebody has to see to them.
/// </summary>
internal sealed class RecorderHealth(RecorderState state) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(state.HeldUpBy is { } reason
            ? HealthCheckResult.Unhealthy($"held up: {reason}")
            : state.Loss is { } loss
                ? HealthCheckResult.Degraded(loss.Reason)
                : HealthCheckResult.Healthy());
}
