using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// The gauge <c>shopping.dependency.ready</c>: for each dependency of the readiness probe, 1 while it is up or degraded, 0
/// while it is down. It is for alerts, which are based on metrics and don't call the probe.
/// </summary>
internal sealed class DependencyGauge(HealthCheckService health, TimeProvider time, IMeterFactory meters) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    private volatile HealthReport? _latest;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        meters.Create(Telemetry.Ours).CreateObservableGauge("shopping.dependency.ready", Observe, description: "1 while the dependency is up or degraded, 0 while it is down.");
        // Otherwise each check would start a trace.
        using var untraced = SuppressInstrumentationScope.Begin();
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
            {
                _latest = await health.CheckHealthAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private IEnumerable<Measurement<int>> Observe() => _latest?.Entries.Select(dependency => new Measurement<int>(
        dependency.Value.Status is HealthStatus.Unhealthy ? 0 : 1, new KeyValuePair<string, object?>("shopping.dependency", dependency.Key))) ?? [];
}
