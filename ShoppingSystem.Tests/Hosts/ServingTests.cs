using System.Net;
using System.Text.Json;
using ShoppingSystem.MockKafka;
using ShoppingSystem.MockMongo;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Hosts;

/// <summary>
/// While what all replicas share is away, each goes on with what it can do, and stays in service to say what it can't.
/// </summary>
public sealed class ServingTests : IAsyncLifetime
{
    private const string Serving = "/-/serving";
    private const string History = "/api/v1/getAllUserBuys/ada";
    private const int Broker = 1;

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private readonly MockCluster _kafka = new(brokers: 1);
    private readonly MockServer _mongo = new();
    private HostProcess _management = null!;
    private HostProcess _shop = null!;

    public async ValueTask InitializeAsync()
    {
        _kafka.CreateTopic("purchases", 12);
        _management = await HostProcess.StartAsync(HostProgram.ManagementApi, Environment());
        _shop = await HostProcess.StartAsync(HostProgram.WebServer, Environment());
        await Eventually.TrueAsync(() => _shop.Client.IsReadyAsync(), Timeout, "the web server is ready");
        await _shop.Client.BuyAsync("ada");
        await _management.Client.UntilRecordedAsync("ada", 1);
    }

    public async ValueTask DisposeAsync()
    {
        await _shop.DisposeAsync();
        await _management.DisposeAsync();
        _mongo.Dispose();
        _kafka.Dispose();
    }

    [Fact]
    public async Task Without_Kafka_pages_and_histories_answer_and_a_purchase_is_refused_by_a_service_that_stays_in_service()
    {
        _kafka.Stop(Broker);
        await Eventually.TrueAsync(async () => await ReadinessAsync(_shop) is ("not_ready", _) && await ReadinessAsync(_management) is ("not_ready", _), Timeout, "both say that they are not ready");

        using (var refused = await BuyAsync())
        {
            await refused.ProblemAsync(HttpStatusCode.ServiceUnavailable);
            Assert.NotNull(refused.Headers.RetryAfter);
        }

        Assert.Single((await _shop.Client.ReadPageAsync(History)).Ids);
        await AssertInServiceAsync();

        _kafka.Start(Broker);
        await Eventually.TrueAsync(
            async () =>
            {
                using var reply = await BuyAsync();
                return reply.StatusCode is HttpStatusCode.Accepted;
            },
            Timeout, "purchases are taken again");
    }

    [Fact]
    public async Task Without_MongoDB_purchases_are_taken_and_histories_refused_and_the_web_server_says_so()
    {
        _mongo.Stop();
        await Eventually.TrueAsync(
            async () => await ReadinessAsync(_shop) is ("ready", "its store does not answer; no history meanwhile"), Timeout, "the web server says that there is no history");

        await _shop.Client.BuyAsync("ada");
        using (var history = await _shop.Client.GetAsync(History))
        {
            await history.ProblemAsync(HttpStatusCode.ServiceUnavailable);
            Assert.NotNull(history.Headers.RetryAfter);
        }

        await AssertInServiceAsync();

        _mongo.Start();
        await Eventually.TrueAsync(async () => await ReadinessAsync(_shop) is ("ready", null), Timeout, "histories are there again");
        await _management.Client.UntilRecordedAsync("ada", 2);
    }

    [Fact]
    public async Task While_MongoDB_is_frozen_the_web_server_says_that_there_is_no_history()
    {
        _mongo.Freeze();

        await Eventually.TrueAsync(
            async () => await ReadinessAsync(_shop) is ("ready", "its store does not answer; no history meanwhile"), Timeout, "the web server says that there is no history");
        await AssertInServiceAsync();

        _mongo.Thaw();
        await Eventually.TrueAsync(async () => await ReadinessAsync(_shop) is ("ready", null), Timeout, "histories are there again");
    }

    [Fact]
    public async Task A_web_server_whose_key_is_not_the_management_APIs_says_that_there_is_no_history()
    {
        await using var management = await HostProcess.StartAsync(HostProgram.ManagementApi, Environment([("Management__ApiKey", "one"), ("Shopping__ConsumerGroup", "another")]));
        (string, string) address = ("services__management-api__http__0", management.Address.ToString());
        await using var stranger = await HostProcess.StartAsync(HostProgram.WebServer, Environment([address, ("Management__ApiKey", "another")]));
        await using var shop = await HostProcess.StartAsync(HostProgram.WebServer, Environment([address, ("Management__ApiKey", "one")]));

        await Eventually.TrueAsync(async () => await ReadinessAsync(shop) is ("ready", null), Timeout, "the one with the key has histories");
        await Eventually.TrueAsync(
            async () => await ReadinessAsync(stranger) is ("ready", "refuses the key that Management:ApiKey says; no history meanwhile"), Timeout, "the one without says why not");
    }

    private (string, string)[] Environment(params (string, string)[] others) =>
    [
        ("ConnectionStrings__kafka", _kafka.BootstrapServers), ("ConnectionStrings__shopping", _mongo.ConnectionString("shopping")),
        ("services__management-api__http__0", _management?.Address.ToString() ?? "http://127.0.0.1:1"), ("Shopping__AppendDeadline", "00:00:01"), .. others,
    ];

    private Task<HttpResponseMessage> BuyAsync() =>
        _shop.Client.PostAsync("/api/v1/buy", Support.Http.Json("""{"username":"Ada","userid":"ada","price":1}"""));

    private async Task AssertInServiceAsync()
    {
        foreach (var client in new[] { _shop.Client, _management.Client })
        {
            Assert.Equal("""{"status":"serving"}""", await client.GetStringAsync(Serving));
            Assert.Contains("<html", await client.GetStringAsync("/"), StringComparison.Ordinal);
        }
    }

    // The status, and the reason why histories can't be had.
    private static async Task<(string? Status, string? Reason)> ReadinessAsync(HostProcess host)
    {
        using var reply = await host.Client.GetAsync("/-/ready");
        using var json = JsonDocument.Parse(await reply.Content.ReadAsStringAsync());
        var status = json.RootElement.GetProperty("status").GetString();
        Assert.Equal(status is "ready" ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, reply.StatusCode);
        return (status, json.RootElement.TryGetProperty("reasons", out var reasons) && reasons.TryGetProperty("management-api", out var reason) ? reason.GetString() : null);
    }
}
