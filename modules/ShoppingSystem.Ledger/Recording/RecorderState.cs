using Microsoft.Extensions.Diagnostics.HealthChecks;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>Whether the recorder works, or is blocked by the store or the feed.</summary>
internal sealed class RecorderState(IPurchaseFeed feed)
{
    private volatile string? _heldUpBy;

    /// <summary>Why purchases, or some of them, can't be recorded at the moment; null when all of them can.</summary>
    public string? HeldUpBy => _heldUpBy ?? feed.Problem;

    /// <summary>Events that were lost from the log before they were recorded; null when there are none.</summary>
    public FeedLoss? Loss => feed.Loss;

    public void HeldUp(string reason) => _heldUpBy = reason;

    public void AtWork() => _heldUpBy = null;
}

/// <summary>
/// Unhealthy while acknowledged purchases can't be recorded: they wait in the log. Degraded after some were lost from the log
/// before they were recorded, until the process is restarted: an operator has to look into it.
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
