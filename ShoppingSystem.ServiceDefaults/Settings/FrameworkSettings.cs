using System.Collections.Frozen;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>The settings of .NET, ASP.NET Core, OpenTelemetry and Aspire; the system does not validate them.</summary>
internal static class FrameworkSettings
{
    /// <summary>The common ones, to detect misspellings of them.</summary>
    public static readonly FrozenSet<string> Names = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "urls", "http_ports", "https_ports", "https_port", "environment", "contentRoot", "AllowedHosts",
        "Logging:LogLevel", "Logging:Console", "Kestrel:Endpoints", "Kestrel:EndpointDefaults", "Kestrel:Certificates",
        "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_SERVICE_NAME",
        "OTEL_RESOURCE_ATTRIBUTES", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER",
        "OTEL_EXPORTER_PROMETHEUS_HOST", "OTEL_EXPORTER_PROMETHEUS_PORT");

    private static readonly FrozenSet<string> Roots = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "urls", "http_ports", "https_ports", "https_port", "environment", "contentRoot", "webRoot", "applicationName", "AllowedHosts",
        "Logging", "Kestrel", "ConnectionStrings", "services", "Aspire", "hostBuilder", "shutdownTimeoutSeconds", "preferHostingUrls",
        "detailedErrors", "captureStartupErrors", "suppressStatusMessages", "forwardedHeaders_enabled", "Metrics");

    /// <summary>Whether everything below <paramref name="section"/> belongs to the framework.</summary>
    public static bool IsRoot(string section) => Roots.Contains(section) || section.StartsWith("OTEL_", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether <paramref name="key"/> is, or may be, a setting of the framework.</summary>
    public static bool Knows(string key) => IsRoot(key.Split(':')[0]);
}
