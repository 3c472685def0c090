using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Instrumentation.AspNetCore;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// Leaves out of traces the probes and live streams (which are left out of the request metrics, too) and the files of the pages:
/// there would be far more of them than of customers' requests. <c>OpenTelemetry.Instrumentation.AspNetCore</c> can't: its filter
/// is asked before routing.
/// </summary>
internal static class RequestSpans
{
    /// <summary>Leaves out probes and live streams, with all that they call, if the spans of requests are collected.</summary>
    public static void UseRequestSpans(this WebApplication app)
    {
        if (!Exporters.Read(app.Configuration).Traces && !app.Services.GetRequiredService<ActivitySource>().HasListeners())
        {
            return;
        }

        app.Use(next => context =>
        {
            if (context.GetEndpoint()?.Metadata.GetMetadata<IDisableHttpMetricsMetadata>() is not null)
            {
                context.Features.Get<IHttpActivityFeature>()?.Activity.LeaveOut();
            }

            return next(context);
        });
    }

    // A file has no endpoint, like a path that does not exist: only the result tells them apart.
    public static void LeaveOutFiles(AspNetCoreTraceInstrumentationOptions requests) => requests.EnrichWithHttpResponse = (span, response) =>
    {
        // Names that a client has chosen; the instrumentation hides only their values.
        span.SetTag("url.query", null);
        if (response.HttpContext.GetEndpoint() is null && response.StatusCode < StatusCodes.Status400BadRequest)
        {
            span.LeaveOut();
        }
    };

    /// <summary>Excludes this span and its children from the export.</summary>
    public static void LeaveOut(this Activity span)
    {
        span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        span.IsAllDataRequested = false;
    }
}
