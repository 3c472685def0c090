using System.Net;
using System.Net.Http.Headers;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Telemetry;

/// <summary>The real Standalone, in a process of its own, serves its metrics to Prometheus when it is told so.</summary>
public sealed class MetricsEndpointTests : IDisposable
{
    private readonly string _data = StandaloneProcess.NewDataDirectory();
    private readonly HttpClient _prometheus = new() { BaseAddress = StandaloneProcess.FreeAddress() };

    public MetricsEndpointTests() =>
        _prometheus.DefaultRequestHeaders.Accept.Add(MediaTypeWithQualityHeaderValue.Parse("application/openmetrics-text; version=1.0.0"));

    public void Dispose()
    {
        _prometheus.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task The_metrics_endpoint_has_both_services_and_a_port_of_its_own()
    {
        await using var standalone = await StandaloneProcess.StartAsync(_data, Environment("prometheus"));
        await standalone.Shop.BuyAsync("ada");
        await standalone.Management.UntilRecordedAsync("ada", 1);

        using var reply = await _prometheus.GetAsync("/metrics");
        var metrics = await reply.Content.ReadAsStringAsync();

        Assert.Equal("application/openmetrics-text", reply.Content.Headers.ContentType?.MediaType);
        Assert.EndsWith("# EOF\n", metrics, StringComparison.Ordinal);
        // Of the web server, of the management API, and of the process.
        Assert.Matches(@"(?m)^shopping_purchases_accepted_total\{[^}]*\} 1(\.0)?$", metrics);
        Assert.Matches(@"(?m)^shopping_purchases_recorded_total\{[^}]*\} 1(\.0)?$", metrics);
        Assert.Matches(@"(?m)^http_server_request_duration_seconds_count\{[^}]*http_route=""/api/v1/buy""[^}]*\} 1(\.0)?$", metrics);
        Assert.Matches(@"(?m)^target_info\{[^}]*service_name=""ShoppingSystem.Standalone""", metrics);
        Assert.Contains("dotnet_gc_pause_time_seconds_total", metrics, StringComparison.Ordinal);

        foreach (var service in new[] { standalone.Shop, standalone.Management })
        {
            using var none = await service.GetAsync("/metrics");
            Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        }

        Assert.Equal(0, await standalone.StopAsync());
        Assert.Equal("", standalone.Errors);
    }

    [Fact]
    public async Task A_collector_can_receive_metrics_too_and_a_scrape_is_not_counted_as_a_request()
    {
        await using var collector = await Collector.StartAsync();
        await using var standalone = await StandaloneProcess.StartAsync(_data, Environment("otlp,prometheus", collector.Environment));
        await _prometheus.GetStringAsync("/metrics");
        await standalone.Shop.BuyAsync("ada");

        // Scrapes that follow each other closely get the same answer.
        var metrics = "";
        await Eventually.TrueAsync(
            async () => (metrics = await _prometheus.GetStringAsync("/metrics")).Contains("shopping_purchases_accepted_total", StringComparison.Ordinal), "it is counted");

        Assert.DoesNotMatch(@"(?m)^http_server_request_duration_seconds_count\{(?![^}]*http_route)", metrics);
        await Eventually.TrueAsync(() => collector.Metrics.Contains("shopping.purchases.accepted"), "the collector has them");
        await Eventually.TrueAsync(() => collector.Spans.Any(span => span.Name == "POST /api/v1/buy"), "the purchase is traced");
        Assert.DoesNotContain(collector.Spans, span => span.Name.StartsWith("GET", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("OTEL_METRICS_EXPORTER", true, false, true)]
    [InlineData("OTEL_TRACES_EXPORTER", false, true, true)]
    [InlineData("OTEL_LOGS_EXPORTER", true, true, false)]
    public async Task A_signal_is_not_exported_when_its_variable_says_none(string variable, bool traces, bool metrics, bool logs)
    {
        await LogSeed.WriteAsync(_data, ["no purchase"u8.ToArray()]);
        await using var collector = await Collector.StartAsync();
        var environment = Environment(exporter: null, collector.Environment);
        environment[variable] = "None";
        await using var standalone = await StandaloneProcess.StartAsync(_data, environment);
        await standalone.Shop.BuyAsync("ada");
        await standalone.Management.UntilRecordedAsync("ada", 1);
        Assert.Equal(0, await standalone.StopAsync()); // which exports what is left

        Assert.Equal((traces, metrics, logs), (collector.Spans.Count > 0, collector.Metrics.Count > 0, collector.Logs.Count > 0));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("none")]
    [InlineData("otlp")]
    public async Task No_metrics_port_is_open_without_the_Prometheus_exporter(string? exporter)
    {
        await using var standalone = await StandaloneProcess.StartAsync(_data, Environment(exporter));

        await Assert.ThrowsAsync<HttpRequestException>(() => _prometheus.GetAsync("/metrics"));
    }

    private Dictionary<string, string> Environment(string? exporter, Dictionary<string, string>? more = null)
    {
        var environment = new Dictionary<string, string>(more ?? [])
        {
            ["OTEL_EXPORTER_PROMETHEUS_HOST"] = "127.0.0.1",
            ["OTEL_EXPORTER_PROMETHEUS_PORT"] = $"{_prometheus.BaseAddress!.Port}",
        };
        if (exporter is not null)
        {
            environment["OTEL_METRICS_EXPORTER"] = exporter;
        }

        return environment;
    }
}
