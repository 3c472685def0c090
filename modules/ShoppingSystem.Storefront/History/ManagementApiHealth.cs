using System.Net;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ShoppingSystem.Storefront;

/// <summary>
/// Whether histories are available: the management API is reachable, accepts the key, and can read them. Buying works without
/// them, so a failure is reported but does not take the storefront out of service.
/// </summary>
internal sealed class ManagementApiHealth(IHttpClientFactory clients) : IHealthCheck
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        try
        {
            using var reply = await clients.CreateClient(nameof(ManagementApi)).GetAsync(new Uri("-/histories", UriKind.Relative), timeout.Token);
            return reply.StatusCode switch
            {
                HttpStatusCode.NoContent => HealthCheckResult.Healthy(),
                HttpStatusCode.ServiceUnavailable => HealthCheckResult.Degraded("its store does not answer; no history meanwhile"),
                HttpStatusCode.Unauthorized => HealthCheckResult.Degraded("refuses the key that Management:ApiKey says; no history meanwhile"),
                var status => HealthCheckResult.Degraded($"answered {(int)status}; no history meanwhile"),
            };
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Degraded("can't be reached; no history meanwhile");
        }
    }
}
