using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// Traces, metrics and logs by OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says where to; nothing at all when it does
/// not. .NET, ASP.NET Core, HttpClient and the MongoDB driver tell about themselves; the system adds its own source and
/// meter.
/// </summary>
internal static class Telemetry
{
    private static readonly string[] Sources = ["ShoppingSystem", "Microsoft.AspNetCore", "System.Net.Http", "MongoDB.Driver"];

    private static readonly string[] Meters =
        ["ShoppingSystem", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime"];

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        if (!IsOn(builder.Configuration))
        {
            return;
        }

        // Before .NET 11, ASP.NET Core tags its spans only when it is asked to.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);

        var resource = ResourceBuilder.CreateDefault();
        if (string.IsNullOrEmpty(builder.Configuration["OTEL_SERVICE_NAME"]))
        {
            resource.AddService(builder.Environment.ApplicationName);
        }

        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.SetResourceBuilder(resource);
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
            logging.AddOtlpExporter();
        });
        builder.Services.AddHostedService(_ => new Exporter(resource));
    }

    /// <summary>Names the span of a request after its route.</summary>
    public static void UseSpanNames(this WebApplication app)
    {
        if (!IsOn(app.Configuration))
        {
            return;
        }

        app.Use((context, next) =>
        {
            if (context.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } span && context.GetEndpoint() is RouteEndpoint endpoint)
            {
                span.DisplayName = $"{context.Request.Method} {endpoint.RoutePattern.RawText}";
            }

            return next(context);
        });
    }

    private static bool IsOn(IConfiguration configuration) => !string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);

    // Traces and metrics are the process's, not the host's: Standalone runs two hosts and must not export them twice.
    private sealed class Exporter(ResourceBuilder resource) : IHostedService
    {
        private static readonly Lock Gate = new();
        private static OpenTelemetrySdk? s_sdk;
        private static int s_hosts;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            lock (Gate)
            {
                if (s_hosts++ == 0)
                {
                    s_sdk = OpenTelemetrySdk.Create(otel => otel
                        .WithTracing(tracing => tracing.SetResourceBuilder(resource).AddSource(Sources).AddOtlpExporter())
                        .WithMetrics(metrics => metrics.SetResourceBuilder(resource).AddMeter(Meters).AddOtlpExporter()));
                }
            }

            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            lock (Gate)
            {
                if (--s_hosts == 0)
                {
                    s_sdk?.Dispose();
                }
            }

            return Task.CompletedTask;
        }
    }
}
