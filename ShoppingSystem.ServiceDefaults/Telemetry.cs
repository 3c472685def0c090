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
/// Traces, metrics and logs by OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says where to, metrics for Prometheus when
/// <c>OTEL_METRICS_EXPORTER</c> names it (<see cref="MetricsEndpoint"/>); nothing at all when neither does. .NET, ASP.NET Core, HttpClient and the MongoDB driver tell about themselves; the system adds its own source and
/// meter. The other <c>OTEL_…</c> variables (sampler, service name, resource attributes, limits) mean what OpenTelemetry's
/// specification says.
/// </summary>
public static class Telemetry
{
    private const string RequestLogs = "Microsoft.AspNetCore.Hosting.Diagnostics";
    private const string LinkLimitKey = "OTEL_SPAN_LINK_COUNT_LIMIT";

    // A batch of the recorder is linked to each of its purchases; the SDK's own limit of 128 would cut most of them off.
    private const string LinkLimit = "1000";

    private const string MongoDriver = "MongoDB.Driver";

    private static readonly string[] Sources = ["ShoppingSystem", "Microsoft.AspNetCore", "System.Net.Http", MongoDriver];

    private static readonly string[] Meters =
    [
        "ShoppingSystem", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.RateLimiting",
        "Microsoft.AspNetCore.Diagnostics", "System.Net.Http", "System.Runtime",
    ];

    // Gives each request a trace id, and nothing else.
    private static readonly ActivityListener TraceIds = new()
    {
        ShouldListenTo = source => source.Name is "Microsoft.AspNetCore",
        Sample = (ref _) => ActivitySamplingResult.PropagationData,
    };

    /// <summary>
    /// Loggers for what a host opens before it is built: the console, the levels and the export are the host's.
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
        // While this category may log, ASP.NET Core puts a scope around every line of a request, which says the path, and with
        // it the user id.
        if (!AreRequestsLogged(builder.Configuration))
        {
            builder.Logging.AddFilter(RequestLogs, LogLevel.None);
        }

        var exporters = Exporters.Read(builder.Configuration);
        if (exporters.Traces)
        {
            // .NET 10 tags the spans of requests only when it is asked to, and only as they start; RequestSpans does the rest.
            AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);
        }
        else if (builder.Configuration.GetSection("Logging:Console").Exists())
        {
            // Trace ids are worth their price where the console was told what to show (JSON shows them).
            ActivitySource.AddActivityListener(TraceIds);
        }

        if (exporters.Metrics || exporters.Prometheus is not null)
        {
            builder.Services.AddHostedService<DependencyGauge>();
        }

        if (exporters.Any)
        {
            builder.Services.AddHostedService(services => new Exporter(exporters, Resource(builder), builder.Configuration, services.GetService<LoggerProvider>()));
        }
    }

    // With a wrong level the framework ends the process without naming the key.
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

    /// <summary>Puts <see cref="RequestSpans"/> in front of everything, when somebody listens to the spans of requests.</summary>
    internal static void UseRequestSpans(this WebApplication app)
    {
        if (Exporters.Read(app.Configuration).Traces || app.Services.GetRequiredService<ActivitySource>().HasListeners())
        {
            app.Use(next => new RequestSpans(next).InvokeAsync);
        }
    }

    /// <summary>What is traced, and how; all but where it goes.</summary>
    internal static TracerProviderBuilder AddShop(this TracerProviderBuilder tracing) =>
        tracing.AddSource(Sources).AddProcessor(new Descendants()).AddProcessor(new WithoutServerTexts());

    private static void AddTelemetry(this ILoggingBuilder logging, WebApplicationBuilder builder)
    {
        CheckLevels(builder.Configuration);
        // Trace ids travel in scopes. What machines read shows them, unless it is told not to.
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

    // The variables come last: they overrule what the host says of itself.
    private static ResourceBuilder Resource(WebApplicationBuilder builder) => ResourceBuilder.CreateEmpty()
        .AddService(builder.Environment.ApplicationName, serviceVersion: Version)
        .AddAttributes([new("deployment.environment.name", builder.Environment.EnvironmentName)])
        .AddTelemetrySdk()
        .AddEnvironmentVariableDetector();

    private static string? Version => Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;

    // What is done on behalf of a request that is left out is left out too, whatever the sampler says.
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

    // The MongoDB driver writes the server's own text of an error into its spans. It quotes commands and keys, user ids among them, and of a
    // batch it has a line for every write. The error's type and number stay.
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

    // Traces and metrics are the process's, not the host's: Standalone runs two hosts and must not export them twice.
    private sealed class Exporter(Exporters exporters, ResourceBuilder resource, IConfiguration configuration, LoggerProvider? logs) : IHostedService
    {
        // What is left to export when the host ends. Where no collector answers, an exporter that tries again would hold up the
        // end for 5 s for each signal, and whoever asked for the end kills the process.
        private const int LastExportMilliseconds = 1_500;

        private static readonly SemaphoreSlim Gate = new(1);
        private static OpenTelemetrySdk? s_sdk;
        private static MetricsEndpoint? s_endpoint;
        private static int s_hosts;

        /// <exception cref="ConfigurationException">Metrics can't be served where they are to be; the message names the setting.</exception>
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
            // Whatever became of the time that the host has to end: each must be counted.
            await Gate.WaitAsync(CancellationToken.None);
            // A host that did not start is stopped all the same.
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

            if (exporters.Metrics || exporters.Prometheus is not null)
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
