using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// Two questions: is the process up (<c>/-/healthy</c>, <c>/alive</c>), and can it do its work (<c>/-/ready</c>,
/// <c>/health</c>)? The second names every dependency with its state and answers 503 when one that is needed is down.
/// </summary>
internal static class Probes
{
    public static void MapProbes(this IEndpointRouteBuilder routes)
    {
        foreach (var path in (string[])["/-/healthy", "/alive"])
        {
            routes.MapHealthChecks(path, new HealthCheckOptions
            {
                Predicate = _ => false,
                ResponseWriter = (context, _) =>
                {
                    context.Response.ContentType = "application/json";
                    return context.Response.WriteAsync("""{"status":"alive"}""");
                },
            }).AllowAnonymous().DisableHttpMetrics();
        }

        foreach (var path in (string[])["/-/ready", "/health"])
        {
            routes.MapHealthChecks(path, new HealthCheckOptions { ResponseWriter = WriteReport }).AllowAnonymous().DisableHttpMetrics();
        }
    }

    private static Task WriteReport(HttpContext context, HealthReport report)
    {
        var body = new JsonObject { ["status"] = report.Status is HealthStatus.Unhealthy ? "not_ready" : "ready" };
        var reasons = new JsonObject();
        foreach (var (name, entry) in report.Entries)
        {
            body[name] = entry.Status switch
            {
                HealthStatus.Healthy => "up",
                HealthStatus.Degraded => "degraded",
                _ => "down",
            };
            if (entry.Status is not HealthStatus.Healthy)
            {
                reasons[name] = entry.Description ?? entry.Exception?.Message;
            }
        }

        if (reasons.Count > 0)
        {
            body["reasons"] = reasons;
        }

        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body.ToJsonString());
    }
}
