using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// Three probes. Is the process up (<c>/-/healthy</c>, <c>/alive</c>)? Should it get requests (<c>/-/serving</c>)? Not while it
/// is starting or draining; dependencies that it shares with its replicas are ignored, because they would take all replicas out
/// of service at once. Can it do its work (<c>/-/ready</c>, <c>/health</c>)? This lists every dependency with its state and
/// answers 503 when a required one is down, or while it is draining.
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

        routes.MapGet("/-/serving", WriteServing).AllowAnonymous().DisableHttpMetrics().ExcludeFromDescription();
        foreach (var path in (string[])["/-/ready", "/health"])
        {
            routes.MapHealthChecks(path, new HealthCheckOptions { ResponseWriter = WriteReport }).AllowAnonymous().DisableHttpMetrics();
        }
    }

    private static Task WriteServing(HttpContext context)
    {
        var body = new JsonObject { ["status"] = "serving" };
        if (context.RequestServices.GetRequiredService<Drain>().Obstacle is { } obstacle)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            body = new() { ["status"] = "not_serving", ["reason"] = obstacle };
        }

        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body.ToJsonString());
    }

    private static Task WriteReport(HttpContext context, HealthReport report)
    {
        var body = new JsonObject { ["status"] = report.Status is HealthStatus.Unhealthy ? "not_ready" : "ready" };
        var reasons = new JsonObject();
        if (context.RequestServices.GetRequiredService<Drain>() is { HasBegun: true, Obstacle: { } obstacle })
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            body["status"] = "not_ready";
            reasons["service"] = obstacle;
        }

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
