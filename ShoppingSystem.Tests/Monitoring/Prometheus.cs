using System.Globalization;
using System.Text.Json;
using ShoppingSystem.Tests.Kubernetes;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Monitoring;

/// <summary>The system's Prometheus on the loopback interface, with the rules of the component and files of its own only.</summary>
internal sealed class Prometheus : INeed, IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly ChildProcess _process;
    private readonly HttpClient _client;

    private Prometheus(TemporaryFolder folder, Uri address)
    {
        _folder = folder;
        _client = new HttpClient { BaseAddress = address };
        _process = ChildProcess.StartOther(
            folder.Path, Tools.Find("prometheus")!, "--config.file=prometheus.yaml", "--storage.tsdb.path=data", $"--web.listen-address=127.0.0.1:{address.Port}",
            "--log.level=warn");
    }

    /// <summary>Why there can be none here; null when there can.</summary>
    public static string? WhyNot => Tools.Missing("prometheus");

    /// <summary>Starts it and waits until it answers.</summary>
    /// <param name="pods">For each pod to scrape every second: its service, its name, and where its metrics are.</param>
    public static async Task<Prometheus> StartAsync(params (string Service, string Pod, Uri Metrics)[] pods)
    {
        var folder = new TemporaryFolder();
        Component.WriteRules(Path.Combine(folder.Path, "rules.yaml"));
        // The labels that Prometheus' operator makes of a PodMonitor.
        var jobs = pods.Select(pod => $$"""
              - job_name: shopping-system/{{pod.Service}}
                static_configs: [{targets: ["{{pod.Metrics.Authority}}"], labels: {namespace: shopping-system, pod: {{pod.Pod}}, container: {{pod.Service}} } }]
            """);
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "prometheus.yaml"), $$"""
            global: {scrape_interval: 1s, evaluation_interval: 1s}
            rule_files: [rules.yaml]
            scrape_configs:
            {{string.Join('\n', jobs)}}
            """);
        var prometheus = new Prometheus(folder, StandaloneProcess.FreeAddress());
        try
        {
            await Eventually.TrueAsync(prometheus.IsReadyAsync, "Prometheus is ready");
            return prometheus;
        }
        catch
        {
            await prometheus.DisposeAsync();
            throw;
        }
    }

    /// <summary>The values that a query has at the moment, without those that are no number.</summary>
    public async Task<IReadOnlyList<double>> ValuesAsync(string query)
    {
        using var content = new FormUrlEncodedContent([new("query", query)]);
        using var reply = await _client.PostAsync("/api/v1/query", content);
        var body = await reply.Content.ReadAsStringAsync();
        Assert.True(reply.IsSuccessStatusCode, $"{query}: {body}");
        using var json = JsonDocument.Parse(body);
        return [.. json.RootElement.GetProperty("data").GetProperty("result").EnumerateArray()
            .Select(sample => double.Parse(sample.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture)).Where(double.IsFinite)];
    }

    /// <summary>The rules that it has: their names, and what went wrong with them at last.</summary>
    public async Task<IReadOnlyList<(string Name, string Health, string State)>> RulesAsync()
    {
        using var json = JsonDocument.Parse(await _client.GetStringAsync("/api/v1/rules"));
        return [.. json.RootElement.GetProperty("data").GetProperty("groups").EnumerateArray().SelectMany(group => group.GetProperty("rules").EnumerateArray())
            .Select(rule => (rule.GetProperty("name").GetString()!, rule.GetProperty("health").GetString()!, rule.GetProperty("state").GetString()!))];
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _client.Dispose();
        _folder.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        if (_process.HasExited)
        {
            throw new InvalidOperationException($"Prometheus did not start: {_process.Output}");
        }

        try
        {
            using var reply = await _client.GetAsync("/-/ready");
            return reply.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
