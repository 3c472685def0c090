using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Aspire.Hosting.ApplicationModel;
using Confluent.Kafka;
using ShoppingSystem.AppHost.Tests.Support;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.AppHost.Tests.Cluster;

/// <summary>The whole system with real Kafka and real MongoDB.</summary>
[Collection(ClusterTestGroup.Name)]
public sealed class ClusterTests(ClusterShop cluster)
{
    [NeedsFact<Containers>]
    public async Task A_purchase_is_in_the_history_of_both_services_in_both_dialects() =>
        await Scenarios.A_purchase_is_in_the_history_of_both_services_in_both_dialects(await cluster.StartedAsync());

    [NeedsFact<Containers>]
    public async Task A_retry_under_one_key_is_one_purchase() =>
        await Scenarios.A_retry_under_one_key_is_one_purchase(await cluster.StartedAsync());

    [NeedsTheory<Containers>]
    [InlineData("web-server")]
    [InlineData("management-api")]
    [InlineData("kafka")]
    [InlineData("mongodb")]
    public async Task No_purchase_is_lost_or_doubled_while_a_service_restarts(string resource) =>
        await Scenarios.No_purchase_is_lost_or_doubled_while_a_service_restarts(await cluster.StartedAsync(), resource);

    [NeedsFact<Containers>]
    public async Task The_management_API_asks_for_the_key()
    {
        var shop = await cluster.StartedAsync();
        using var stranger = new HttpClient { BaseAddress = shop.Management.BaseAddress };

        using var reply = await stranger.GetAsync("/api/v1/purchases/somebody");

        Assert.Equal(HttpStatusCode.Unauthorized, reply.StatusCode);
    }

    [NeedsFact<Containers>]
    public async Task An_unreadable_event_is_a_dead_letter_until_it_is_replayed()
    {
        var shop = await cluster.StartedAsync();
        var customer = new Customer(shop);
        var mark = Guid.NewGuid().ToString("N");
        await ProduceAsync(shop, customer.UserId, $$"""{"userid":"{{customer.UserId}}","username":"Ada","price":"{{mark}}"}""");

        JsonNode? letter = null;
        await Eventually.TrueAsync(
            async () =>
            {
                var letters = await shop.Management.GetFromJsonAsync<JsonArray>("/api/v1/dead-letters?limit=1000");
                letter = letters!.SingleOrDefault(candidate => ((string)candidate!["text"]!).Contains(mark, StringComparison.Ordinal));
                return letter is not null;
            },
            TimeSpan.FromMinutes(2), "the event is a dead letter");
        Assert.Contains("price", (string)letter!["reason"]!, StringComparison.Ordinal);

        var address = $"/api/v1/dead-letters/{(string)letter["id"]!}/replay";
        using var still = await shop.Management.PostAsync(address, content: null);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, still.StatusCode);
        using var corrected = await shop.Management.PostAsync(
            address, new StringContent($$"""{"userid":"{{customer.UserId}}","username":"Ada","price":7.50}""", Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.OK, corrected.StatusCode);

        var purchase = Assert.Single(await customer.HistoryAsync(shop.Management, "/api/v1/purchases", 1));
        Assert.Equal("7.50", purchase!["price"]!.ToJsonString());
        var left = await shop.Management.GetFromJsonAsync<JsonArray>("/api/v1/dead-letters?limit=1000");
        Assert.DoesNotContain(left!, candidate => (string)candidate!["id"]! == (string)letter["id"]!);
    }

    [NeedsFact<Containers>]
    public async Task Events_of_other_producers_are_recorded_once()
    {
        var shop = await cluster.StartedAsync();
        var customer = new Customer(shop);

        await ProduceAsync(shop, customer.UserId, $$"""{"userId":"{{customer.UserId}}","username":"Ada","price":3.5,"timestamp":"2024-01-19T11:20:00Z"}""");

        var purchase = Assert.Single(await customer.HistoryAsync(shop.Shop, "/api/v1/getAllUserBuys", 1));
        Assert.Equal("1705663200.000000", purchase!["timestamp"]!.ToJsonString());
    }

    [NeedsFact<Containers>]
    public async Task The_generate_load_command_runs_the_load_test_which_finds_nothing_lost()
    {
        var shop = await cluster.StartedAsync();

        var result = await shop.ExecuteAsync("web-server", "generate-load");
        Assert.True(result.Success, result.Message);

        var finished = await shop.WaitForStateAsync("load-test", [.. KnownResourceStates.TerminalStates]);
        Assert.Equal(0, finished.Snapshot.ExitCode);
    }

    private static async Task ProduceAsync(RunningShop shop, string key, string value)
    {
        using var producer = new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = await shop.ConnectionStringAsync("kafka") }).Build();
        await producer.ProduceAsync("purchases", new Message<string, string> { Key = key, Value = value });
    }
}
