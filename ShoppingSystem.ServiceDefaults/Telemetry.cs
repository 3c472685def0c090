using System.Diagnostics;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// Exports traces, metrics and logs by OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set, and metrics for Prometheus when
/// <c>OTEL_METRICS_EXPORTER</c> names it (<see cref="MetricsEndpoint"/>); otherwise nothing. .NET, ASP.NET Core, HttpClient and
/// the MongoDB driver have their own instrumentation; the system adds its own source and meter. The other <c>OTEL_…</c>
/// variables (sampler, service name, resource attributes, limits) have the meaning of OpenTelemetry's specification.
/// </summary>
public static class Telemetry
{
    private const string RequestLogs = "Microsoft.AspNetCore.Hosting.Diagnostics";
    private const string LinkLimitKey = "OTEL_SPAN_LINK_COUNT_LIMIT";

    // The span of a batch has a link for each of its purchases; the SDK's default limit of 128 would drop most of them.
    private const string LinkLimit = "1000";

    private const string MongoDriver = "MongoDB.Driver";

    private static readonly string[] Sources = ["ShoppingSystem", "Microsoft.AspNetCore", "System.Net.Http", MongoDriver];

    private static readonly string[] Meters =
    [
        "ShoppingSystem", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.RateLimiting",
        "Microsoft.AspNetCore.Diagnostics", "System.Net.Http", "System.Runtime",
    ];

    // Gives each request a trace id, and does nothing else.
    private static readonly ActivityListener TraceIds = new()
    {
        ShouldListenTo = source => source.Name is "Microsoft.AspNetCore",
        Sample = (ref _) => ActivitySamplingResult.PropagationData,
    };

    /// <summary>
    /// Creates loggers for resources that are opened before the host is built, with the console, the levels and the export of
    /// the host.
    /// </summary>
    /// <exception cref="ConfigurationException">A level or the endpoint can't be used; the message names the key.</exception>
    public static ILoggerFactory CreateLoggers(this WebApplicationBuilder builder) => LoggerFactory.Create(logging =>
    {
        logging.Services.AddSingleton<IConfiguration>(builder.Configuration);
        logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        logging.AddConsole();
        logging.AddTelemetry(builder);
    });

    internal static void AddTelemetry(this WebApplicationBuilder builder)
    {
        builder.Logging.AddTelemetry(builder);
        // If this category logs, ASP.NET Core adds a scope with the request's path, and so with the user id, to every log line of a
        // request.
        if (!AreRequestsLogged(builder.Configuration))
        {
            builder.Logging.AddFilter(RequestLogs, LogLevel.None);
        }

        var exporters = Exporters.Read(builder.Configuration);
        if (exporters.Traces)
        {
            // .NET 10 adds tags to request spans only when this is off, and only at their start; RequestSpans does the rest.
            AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);
        }
        else if (builder.Configuration.GetSection("Logging:Console").Exists())
        {
            // Trace ids are worth their cost only if the console is configured (its JSON format shows them).
            ActivitySource.AddActivityListener(TraceIds);
        }

        if (exporters.AnyMetrics)
        {
            builder.Services.AddHostedService<DependencyGauge>();
        }

        if (exporters.Any)
        {
            builder.Services.AddHostedService(services => new Exporter(exporters, Resource(builder), builder.Configuration, services.GetService<LoggerProvider>()));
        }
    }

    // With a wrong level, the framework ends the process without naming the key.
    private static void CheckLevels(ConfigurationManager configuration)
    {
        foreach (var (key, level) in configuration.GetSection("Logging").AsEnumerable())
        {
            if (key.Contains(":LogLevel:", StringComparison.OrdinalIgnoreCase) && !string.IsNullOrEmpty(level)
                && !Enum.TryParse<LogLevel>(level, ignoreCase: true, out _))
            {
                throw new ConfigurationException($"{key}: '{level}' is not one of {string.Join(", ", Enum.GetNames<LogLevel>())}.");
            }
        }
    }

    private static bool AreRequestsLogged(ConfigurationManager configuration)
    {
        string?[] categories = [RequestLogs, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore", "Microsoft", "Default"];
        var level = categories.Select(category => configuration[$"Logging:LogLevel:{category}"]).FirstOrDefault(level => level is not null);
        return !Enum.TryParse<LogLevel>(level, ignoreCase: true, out var least) || least <= LogLevel.Information;
    }

    /// <summary>Puts <see cref="RequestSpans"/> in front of all other middleware, if the spans of requests are collected.</summary>
    internal static void UseRequestSpans(this WebApplication app)
    {
        if (Exporters.Read(app.Configuration).Traces || app.Services.GetRequiredService<ActivitySource>().HasListeners())
        {
            app.Use(next => new RequestSpans(next).InvokeAsync);
        }
    }

    /// <summary>Configures tracing, except for the exporter.</summary>
    internal static TracerProviderBuilder AddShop(this TracerProviderBuilder tracing) =>
        tracing.AddSource(Sources).AddProcessor(new Descendants()).AddProcessor(new WithoutServerTexts());

    private static void AddTelemetry(this ILoggingBuilder logging, WebApplicationBuilder builder)
    {
        CheckLevels(builder.Configuration);
        // Trace ids are in scopes. The JSON console shows them unless it is configured not to.
        logging.Services.PostConfigure<JsonConsoleFormatterOptions>(json =>
            json.IncludeScopes = builder.Configuration.GetValue("Logging:Console:FormatterOptions:IncludeScopes", true));
        if (!Exporters.Read(builder.Configuration).Logs)
        {
            return;
        }

        logging.AddOpenTelemetry(export =>
        {
            export.SetResourceBuilder(Resource(builder));
            export.IncludeFormattedMessage = true;
            export.AddOtlpExporter();
        });
    }

    // The variables come last, so that they override the values of the host.
    private static ResourceBuilder Resource(WebApplicationBuilder builder) => ResourceBuilder.CreateEmpty()
        .AddService(builder.Environment.ApplicationName, serviceVersion: Version)
        .AddAttributes([new("deployment.environment.name", builder.Environment.EnvironmentName)])
        .AddTelemetrySdk()
        .AddEnvironmentVariableDetector();

    private static string? Version => Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;

    // The children of a request that is left out are left out too, whatever the sampler decides.
    private sealed class Descendants : BaseProcessor<Activity>
    {
        public override void OnStart(Activity data)
        {
            if (data.Parent is { Recorded: false })
            {
                data.LeaveOut();
            }
        }
    }

    // The MongoDB driver adds the server's error message to its spans. The message quotes commands and keys, including user ids,
    // and for a batch it has a line for every write. The error's type and number stay.
    private sealed class WithoutServerTexts : BaseProcessor<Activity>
    {
        public override void OnEnd(Activity data)
        {
            if (data.Source.Name is MongoDriver)
            {
                data.SetTag("exception.message", null);
            }
        }
    }

    // Traces and metrics belong to the process, not to a host: Standalone runs two hosts and must not export them twice.
    private sealed class Exporter(Exporters exporters, ResourceBuilder resource, IConfiguration configuration, LoggerProvider? logs) : IHostedService
    {
        // The time for the last export when the host stops. Without an answer from the collector, a retrying exporter would delay
        // the stop by 5 s for each signal, and the process would be killed.
        private const int LastExportMilliseconds = 1_500;

        private static readonly SemaphoreSlim Gate = new(1);
        private static OpenTelemetrySdk? s_sdk;
        private static MetricsEndpoint? s_endpoint;
        private static int s_hosts;

        /// <exception cref="ConfigurationException">
        /// Metrics can't be served at the configured address; the message names the setting.
        /// </exception>
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            await Gate.WaitAsync(cancellationToken);
            try
            {
                if (s_hosts == 0)
                {
                    var sdk = OpenTelemetrySdk.Create(Configure);
                    try
                    {
                        s_endpoint = exporters.Prometheus is { } address ? await MetricsEndpoint.StartAsync(address, sdk.MeterProvider) : null;
                    }
                    catch
                    {
                        sdk.Dispose();
                        throw;
                    }

                    s_sdk = sdk;
                }

                s_hosts++;
            }
            finally
            {
                Gate.Release();
            }
        }

        public async Task StopAsync(CancellationToken cancellationToken)
        {
            OpenTelemetrySdk? sdk = null;
            MetricsEndpoint? endpoint = null;
            // Not cancelled when the host's shutdown time is over: each host must be counted.
            await Gate.WaitAsync(CancellationToken.None);
            // StopAsync is also called for a host that failed to start.
            if (s_hosts > 0 && --s_hosts == 0)
            {
                (sdk, s_sdk) = (s_sdk, null);
                (endpoint, s_endpoint) = (s_endpoint, null);
            }

            Gate.Release();
            if (endpoint is not null)
            {
                await endpoint.DisposeAsync();
            }

            await Task.WhenAll(
                Task.Run(() => logs?.Shutdown(LastExportMilliseconds), CancellationToken.None),
                Task.Run(() => sdk?.TracerProvider.Shutdown(LastExportMilliseconds), CancellationToken.None),
                Task.Run(() => sdk?.MeterProvider.Shutdown(LastExportMilliseconds), CancellationToken.None));
            sdk?.Dispose();
        }

        private void Configure(IOpenTelemetryBuilder otel)
        {
            otel.Services.AddSingleton<IConfiguration>(new ConfigurationBuilder()
                .AddInMemoryCollection([new(LinkLimitKey, LinkLimit)])
                .AddConfiguration(configuration)
                .Build());
            if (exporters.Traces)
            {
                otel.WithTracing(tracing => tracing.SetResourceBuilder(resource).AddShop().AddOtlpExporter());
            }

            if (exporters.AnyMetrics)
            {
                otel.WithMetrics(metrics =>
                {
                    metrics.SetResourceBuilder(resource).AddMeter(Meters);
                    if (exporters.Metrics)
                    {
                        metrics.AddOtlpExporter();
                    }

                    if (exporters.Prometheus is not null)
                    {
                        metrics.AddPrometheusExporter();
                    }
                });
            }
        }
    }
}
