using Microsoft.AspNetCore.Builder;
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
        if (string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            return;
        }

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
