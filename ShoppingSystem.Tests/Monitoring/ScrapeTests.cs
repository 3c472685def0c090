using System.Net;
using ShoppingSystem.MockKafka;
using ShoppingSystem.MockMongo;
using ShoppingSystem.Tests.Hosts;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Monitoring;

/// <summary>
/// A real Prometheus scrapes the real hosts: all that the dashboard and the alerts ask of the shop's own metrics is there. What they
/// ask of KEDA and of kube-state-metrics, which are not here, is only in the tests of the rules (<see cref="Component.AsksOthers"/>).
/// </summary>
public sealed class ScrapeTests : IAsyncLifetime
{
    private const int TopicAuthorizationFailed = 29;

    private readonly MockCluster _kafka = new(brokers: 1);
    private readonly MockServer _mongo = new();
    private readonly Uri _shopMetrics = StandaloneProcess.FreeAddress();
    private readonly Uri _managementMetrics = StandaloneProcess.FreeAddress();
    private HostProcess _management = null!;
    private HostProcess _shop = null!;

    public async ValueTask InitializeAsync()
    {
        _kafka.CreateTopic("purchases", 12);
        _management = await HostProcess.StartAsync(HostProgram.ManagementApi, Environment(_managementMetrics));
        _shop = await HostProcess.StartAsync(HostProgram.WebServer, [("services__management-api__http__0", _management.Address.ToString()), .. Environment(_shopMetrics)]);
        await Eventually.TrueAsync(() => _shop.Client.IsReadyAsync(), "the web server is ready");
    }

    public async ValueTask DisposeAsync()
    {
        await _shop.DisposeAsync();
        await _management.DisposeAsync();
        _mongo.Dispose();
        _kafka.Dispose();
    }

    [NeedsFact<Prometheus>]
    public async Task Every_query_of_the_dashboard_and_of_the_alerts_has_data()
    {
        await using var prometheus = await Prometheus.StartAsync(
            ("web-server", "web-server-1", _shopMetrics), ("management-api", "management-api-1", _managementMetrics));
        await RefuseOneAsync();
        using var stop = new CancellationTokenSource();
        var buying = BuyAsync(stop.Token);

        var asked = 0;
        foreach (var (title, query) in Component.Panels.SelectMany(panel => panel.Queries.Select(query => (panel.Title, query))).Where(panel => !Component.AsksOthers(panel.query)))
        {
            var atOnce = query.Replace("$namespace", "shopping-system", StringComparison.Ordinal).Replace("$__rate_interval", "15s", StringComparison.Ordinal);
            await Eventually.TrueAsync(async () => (await prometheus.ValuesAsync(atOnce)).Count > 0, $"{title}: {atOnce} has data");
            asked++;
        }

        foreach (var selector in Component.Alerts.SelectMany(alert => Component.SelectorsOf(alert.Text("expr"))).Distinct())
        {
            await Eventually.TrueAsync(async () => (await prometheus.ValuesAsync(selector)).Count > 0, $"{selector} has data");
            asked++;
        }

        Assert.True(asked > 30, $"only {asked} queries");
        await Eventually.TrueAsync(async () => (await prometheus.RulesAsync()) is { Count: > 0 } rules && rules.All(rule => rule.Health == "ok"), "all rules are evaluated");
        Assert.Equal(Component.Alerts.Count, (await prometheus.RulesAsync()).Count);
        await stop.CancelAsync();
        await buying;
    }

    [NeedsFact<Prometheus>]
    public async Task While_the_store_is_away_the_oldest_purchase_grows_older_and_the_store_is_down()
    {
        const string Oldest = "max(shopping_feed_oldest_age_seconds)";
        await using var prometheus = await Prometheus.StartAsync(
            ("web-server", "web-server-1", _shopMetrics), ("management-api", "management-api-1", _managementMetrics));
        await _shop.Client.BuyAsync("ada");
        await _management.Client.UntilRecordedAsync("ada", 1);
        await Eventually.TrueAsync(async () => await prometheus.ValuesAsync(Oldest) is [0], "nothing waits");

        _mongo.Stop();
        await _shop.Client.BuyAsync("ada");

        await Eventually.TrueAsync(async () => await prometheus.ValuesAsync(Oldest) is [> 2], "it has waited for two seconds");
        await Eventually.TrueAsync(
            async () => await prometheus.ValuesAsync("""shopping_dependency_ready{job="shopping-system/management-api", shopping_dependency="mongo"}""") is [0], "the store is down");
        await Eventually.TrueAsync(
            async () => (await prometheus.RulesAsync()).Any(rule => rule is { Name: "ShopDependencyDown", State: "pending" or "firing" }), "there is an alert about to be");

        _mongo.Start();
        await _management.Client.UntilRecordedAsync("ada", 2);
        await Eventually.TrueAsync(async () => await prometheus.ValuesAsync(Oldest) is [0], "nothing waits any more");
    }

    [Fact]
    public async Task The_port_of_the_services_does_not_serve_metrics()
    {
        foreach (var service in new[] { _shop, _management })
        {
            using var reply = await service.Client.GetAsync("/metrics");
            Assert.Equal(HttpStatusCode.NotFound, reply.StatusCode);
        }
    }

    private IEnumerable<(string Key, string Value)> Environment(Uri metrics) =>
    [
        ("ConnectionStrings__kafka", _kafka.BootstrapServers), ("ConnectionStrings__shopping", _mongo.ConnectionString("shopping")),
        ("OTEL_METRICS_EXPORTER", "otlp,prometheus"), ("OTEL_EXPORTER_PROMETHEUS_HOST", "127.0.0.1"), ("OTEL_EXPORTER_PROMETHEUS_PORT", $"{metrics.Port}"),
    ];

    // A counter of refusals is there from the first one on.
    private async Task RefuseOneAsync()
    {
        _kafka.FailAlways(MockCluster.Api.Produce, TopicAuthorizationFailed);
        using (var refused = await _shop.Client.PostAsync("/api/v1/buy", Support.Http.Json("""{"username":"Ada","userid":"ada","price":1}""")))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        }

        _kafka.StopFailing(MockCluster.Api.Produce);
        await Eventually.TrueAsync(() => _shop.Client.IsReadyAsync(), "the web server is ready again");
    }

    private async Task BuyAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using var reply = await _shop.Client.PostAsync("/api/v1/buy", Support.Http.Json("""{"username":"Ada","userid":"ada","price":1}"""), CancellationToken.None);
            Assert.Equal(HttpStatusCode.Accepted, reply.StatusCode);
            await Task.Delay(50, CancellationToken.None);
        }
    }
}
