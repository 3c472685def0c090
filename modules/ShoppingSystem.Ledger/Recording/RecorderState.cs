using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ShoppingSystem.Ledger;

/// <summary>Whether the recorder is at work or held up, and by what.</summary>
internal sealed class RecorderState
{
    private volatile string? _heldUpBy;

    /// <summary>Why nothing is being recorded at the moment; null when all is well.</summary>
    public string? HeldUpBy => _heldUpBy;

    public void HeldUp(string reason) => _heldUpBy = reason;

    public void AtWork() => _heldUpBy = null;
}

/// <summary>Red while acknowledged purchases can't be recorded. They wait in the log; none is lost.</summary>
internal sealed class RecorderHealth(RecorderState state) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(state.HeldUpBy is { } reason
            ? HealthCheckResult.Unhealthy($"held up: {reason}")
            : HealthCheckResult.Healthy());
}
