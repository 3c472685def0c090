using System.Net;
using Microsoft.Extensions.Configuration;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>The destinations of telemetry, from the variables of OpenTelemetry's specification.</summary>
/// <param name="Traces">Whether traces go to the collector.</param>
/// <param name="Metrics">Whether metrics go to the collector.</param>
/// <param name="Logs">Whether logs go to the collector.</param>
/// <param name="Prometheus">The address at which Prometheus reads metrics; null when it does not.</param>
internal sealed record Exporters(bool Traces, bool Metrics, bool Logs, MetricsAddress? Prometheus)
{
    private const string EndpointKey = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string Otlp = "otlp";
    private const string Prom = "prometheus";
    private const string None = "none";

    /// <summary>Whether anything reads the metrics.</summary>
    public bool AnyMetrics => Metrics || Prometheus is not null;

    public bool Any => Traces || AnyMetrics || Logs;

    /// <exception cref="ConfigurationException">One of the variables can't be used; the message names it.</exception>
    public static Exporters Read(IConfiguration configuration)
    {
        var traces = Names(configuration, "OTEL_TRACES_EXPORTER", Otlp);
        var metrics = Names(configuration, "OTEL_METRICS_EXPORTER", Otlp, Prom);
        var logs = Names(configuration, "OTEL_LOGS_EXPORTER", Otlp);
        var collects = HasCollector(configuration);
        return new Exporters(
            collects && traces.Contains(Otlp), collects && metrics.Contains(Otlp), collects && logs.Contains(Otlp),
            metrics.Contains(Prom) ? MetricsAddress.Read(configuration) : null);
    }

    // Checked here, because with a wrong endpoint the exporter sends nothing and logs nothing.
    private static bool HasCollector(IConfiguration configuration) =>
        configuration[EndpointKey] is { Length: > 0 } endpoint
        && (Uri.TryCreate(endpoint, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? true
            : throw new ConfigurationException($"{EndpointKey}: '{endpoint}' is not an http address such as http://localhost:4317."));

    // By the specification, an empty variable counts as not set, and values are case-insensitive.
    private static HashSet<string> Names(IConfiguration configuration, string key, params string[] known)
    {
        if (configuration[key] is not { } value || string.IsNullOrWhiteSpace(value))
        {
            return [Otlp];
        }

        var names = value.Split(',', StringSplitOptions.TrimEntries).Select(name => name.ToLowerInvariant()).ToHashSet();
        var isNone = names.SetEquals([None]);
        return isNone || names.IsSubsetOf(known)
            ? names
            : throw new ConfigurationException(
                $"{key}: '{value}' is not {string.Join(", ", known)}{(known.Length > 1 ? $", several of them ({string.Join(',', known)})" : "")} or {None}.");
    }
}

/// <summary>The address at which Prometheus reads metrics.</summary>
/// <param name="Host">An IP address, <c>localhost</c>, or <c>*</c> for all addresses of this machine.</param>
/// <param name="Port">The port.</param>
internal sealed record MetricsAddress(string Host, int Port)
{
    public const string HostKey = "OTEL_EXPORTER_PROMETHEUS_HOST";
    public const string PortKey = "OTEL_EXPORTER_PROMETHEUS_PORT";

    public const string Localhost = "localhost";
    public const string AnyHost = "*";

    private const int DefaultPort = 9464;

    /// <exception cref="ConfigurationException">One of the variables can't be used; the message names it.</exception>
    public static MetricsAddress Read(IConfiguration configuration)
    {
        var host = configuration[HostKey] is { Length: > 0 } someHost ? someHost.Trim() : Localhost;
        if (host is not (Localhost or AnyHost) && !IPAddress.TryParse(host, out _))
        {
            throw new ConfigurationException($"{HostKey}: '{host}' is not {Localhost}, an IP address of this machine, or {AnyHost} for all of them.");
        }

        var port = DefaultPort;
        if (configuration[PortKey] is { Length: > 0 } somePort && !(int.TryParse(somePort, out port) && port is > 0 and <= IPEndPoint.MaxPort))
        {
            throw new ConfigurationException($"{PortKey}: '{somePort}' is not a port (1 to {IPEndPoint.MaxPort}).");
        }

        return new MetricsAddress(host, port);
    }

    public override string ToString() => $"http://{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}";
}
