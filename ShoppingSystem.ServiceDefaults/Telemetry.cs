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
/// <c>OTEL_METRICS_EXPORTER</c> names it (<see cref="MetricsEndpoint"/>); otherwise nothing. Adapters add the
/// sources and meters of their clients (<c>ConfigureOpenTelemetryTracerProvider</c>). The other <c>OTEL_…</c> variables (sampler,
/// service name, resource attributes, limits) have the meaning of OpenTelemetry's specification.
/// </summary>
public static class Telemetry
{
    private const string RequestLogs = "Microsoft.AspNetCore.Hosting.Diagnostics";

    // The source and the meter of the system's modules and adapters.
    internal const string Ours = "ShoppingSystem";

    // The time for the last export when a host stops. Without an answer from the collector, a retrying exporter would delay the stop
    // by 5 s for each signal, and the process would be killed.
    private const int LastExportMilliseconds = 1_500;

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

    internal static void AddTelemetry(this WebApplicationBuilder builder, bool exportsProcess)
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
            // .NET 10 adds tags to request spans only when this is off, and only at their start; the instrumentation does the rest.
            AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);
        }
        else if (builder.Configuration.GetSection("Logging:Console").Exists())
        {
            // Trace ids are worth their cost only if the console is configured (its JSON format shows them).
            ActivitySource.AddActivityListener(TraceIds);
        }

        if (exporters.Any)
        {
            builder.Services.AddHostedService<LastExport>();
        }

        if (exporters.AnyMetrics)
        {
            builder.Services.AddHostedService<DependencyGauge>();
        }

        if (!exportsProcess || !exporters.Any)
        {
            return;
        }

        var otel = builder.Services.AddOpenTelemetry().ConfigureResource(builder.Describe);
        // Only for signals that are exported: a provider listens to each request, with an exporter or without.
        if (exporters.Traces)
        {
            // The span of a batch has a link for each of its purchases; the SDK's default limit of 128 would drop most of them.
            builder.Configuration["OTEL_SPAN_LINK_COUNT_LIMIT"] ??= "1000";
            otel.WithTracing(tracing => tracing.AddShop().AddOtlpExporter());
        }

        if (exporters.AnyMetrics)
        {
            otel.WithMetrics(metrics => metrics.AddShop(exporters));
        }

        if (exporters.Prometheus is { } address)
        {
            builder.Services.AddHostedService(services => new MetricsEndpoint(address, services.GetRequiredService<MeterProvider>()));
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

    /// <summary>Configures tracing, except for the exporter and for what adapters add.</summary>
    internal static TracerProviderBuilder AddShop(this TracerProviderBuilder tracing) => tracing
        .AddSource(Ours).AddAspNetCoreInstrumentation(RequestSpans.LeaveOutFiles).AddHttpClientInstrumentation()
        .AddProcessor(new Descendants()).AddProcessor(new WithoutExceptionMessages());

    private static void AddShop(this MeterProviderBuilder metrics, Exporters exporters)
    {
        metrics.AddMeter(Ours).AddAspNetCoreInstrumentation().AddHttpClientInstrumentation().AddRuntimeInstrumentation();
        if (exporters.Metrics)
        {
            metrics.AddOtlpExporter();
        }

        if (exporters.Prometheus is not null)
        {
            metrics.AddPrometheusExporter();
        }
    }

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
            var resource = ResourceBuilder.CreateEmpty();
            builder.Describe(resource);
            export.SetResourceBuilder(resource);
            export.IncludeFormattedMessage = true;
            export.AddOtlpExporter();
        });
    }

    // The variables come last, so that they override the values of the host.
    private static void Describe(this WebApplicationBuilder builder, ResourceBuilder resource) => resource.Clear()
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
    private sealed class WithoutExceptionMessages : BaseProcessor<Activity>
    {
        public override void OnEnd(Activity data) => data.SetTag("exception.message", null);
    }

    private sealed class LastExport(IServiceProvider services) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(
            Task.Run(() => services.GetService<LoggerProvider>()?.Shutdown(LastExportMilliseconds), CancellationToken.None),
            Task.Run(() => services.GetService<TracerProvider>()?.Shutdown(LastExportMilliseconds), CancellationToken.None),
            Task.Run(() => services.GetService<MeterProvider>()?.Shutdown(LastExportMilliseconds), CancellationToken.None));
    }
}
