using System.Collections.Frozen;
using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// Completes the spans of requests by OpenTelemetry's HTTP conventions: named after their route, with the result. Probes and
/// live streams (which are left out of the request metrics, too) and the files of the pages are left out of traces: there would
/// be far more of them than of customers' requests.
/// </summary>
internal sealed class RequestSpans(RequestDelegate next)
{
    // A client may send any text as the method, but the number of different span names must stay small.
    private static readonly FrozenSet<string> Methods =
        FrozenSet.Create("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE");

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is not { } span)
        {
            return next(context);
        }

        if (span.Recorded && context.GetEndpoint()?.Metadata.GetMetadata<IDisableHttpMetricsMetadata>() is null)
        {
            return InvokeAsync(context, span);
        }

        span.LeaveOut();
        return next(context);
    }

    private async Task InvokeAsync(HttpContext context, Activity span)
    {
        var endpoint = context.GetEndpoint();
        var method = Methods.Contains(context.Request.Method) ? context.Request.Method : "HTTP";
        if (endpoint is RouteEndpoint { RoutePattern.RawText: { } route })
        {
            span.DisplayName = $"{method} {route}";
            span.SetTag("http.route", route);
        }
        else
        {
            span.DisplayName = method;
        }

        try
        {
            await next(context);
        }
        catch (Exception e)
        {
            span.SetTag("error.type", e.GetType().FullName).SetStatus(ActivityStatusCode.Error, e.Message);
            throw;
        }

        var status = context.Response.StatusCode;
        if (endpoint is null && status < StatusCodes.Status400BadRequest)
        {
            span.LeaveOut();
            return;
        }

        span.SetTag("http.response.status_code", status).SetTag("network.protocol.version", Version(context.Request.Protocol));
        if (status >= StatusCodes.Status500InternalServerError)
        {
            span.SetTag("error.type", status.ToString(CultureInfo.InvariantCulture)).SetStatus(ActivityStatusCode.Error);
        }
    }

    private static string Version(string protocol) => protocol switch
    {
        _ when HttpProtocol.IsHttp11(protocol) => "1.1",
        _ when HttpProtocol.IsHttp2(protocol) => "2",
        _ when HttpProtocol.IsHttp3(protocol) => "3",
        _ => "1.0",
    };
}

internal static class ActivityExtensions
{
    /// <summary>Excludes this span and its children from the export.</summary>
    public static void LeaveOut(this Activity span)
    {
        span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        span.IsAllDataRequested = false;
    }
}
