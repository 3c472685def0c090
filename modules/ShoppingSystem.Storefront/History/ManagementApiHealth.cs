using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ShoppingSystem.Storefront;

/// <summary>
/// Without the management API there is no history, but buying goes on: its absence is told, and does not take the
/// storefront out of service.
/// </summary>
internal sealed class ManagementApiHealth(IHttpClientFactory clients) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            using var reply = await clients.CreateClient(nameof(ManagementApi)).GetAsync(new Uri("-/healthy", UriKind.Relative), patience.Token);
            return reply.IsSuccessStatusCode
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Degraded($"answered {(int)reply.StatusCode}; no history meanwhile");
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Degraded("can't be reached; no history meanwhile");
        }
    }
}
