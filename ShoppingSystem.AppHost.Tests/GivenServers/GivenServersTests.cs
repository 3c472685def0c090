using System.Net;
using System.Text.Json.Nodes;
using Aspire.Hosting.ApplicationModel;
using ShoppingSystem.AppHost.Tests.Support;

namespace ShoppingSystem.AppHost.Tests.GivenServers;

/// <summary>The cluster edition, started by the orchestrator: one of each service.</summary>
public sealed class GivenServersTests(GivenServersShop given) : IClassFixture<GivenServersShop>
{
    private readonly RunningShop _shop = given.Shop;

    [Fact]
    public void Given_servers_add_no_container_resources() =>
        Assert.Equal(["kafka", "load-test", "management-api", "management-api-key", "shopping", "web-server"], _shop.Names.Order());

    [Fact]
    public Task A_purchase_is_in_the_history_of_both_services_in_both_dialects() =>
        Scenarios.A_purchase_is_in_the_history_of_both_services_in_both_dialects(_shop);

    [Fact]
    public Task A_retry_under_one_key_is_one_purchase() => Scenarios.A_retry_under_one_key_is_one_purchase(_shop);

    [Theory]
    [InlineData("web-server")]
    [InlineData("management-api")]
    public Task No_purchase_is_lost_or_doubled_while_a_service_restarts(string resource) =>
        Scenarios.No_purchase_is_lost_or_doubled_while_a_service_restarts(_shop, resource);

    [Fact]
    public Task Nothing_is_lost_or_doubled_while_the_management_API_is_stopped_for_a_while() =>
        Scenarios.Nothing_is_lost_or_doubled_while(_shop, async () =>
        {
            await _shop.StopAsync("management-api");
            await new Customer(_shop).BuyUntilAcknowledgedAsync(1);
            await _shop.StartAsync("management-api");
        });

    [Fact]
    public async Task The_management_API_asks_for_the_key()
    {
        using var stranger = new HttpClient { BaseAddress = _shop.Management.BaseAddress };

        using var reply = await stranger.GetAsync("/api/v1/purchases/somebody");

        Assert.Equal(HttpStatusCode.Unauthorized, reply.StatusCode);
    }

    [Fact]
    public async Task The_key_is_in_no_log()
    {
        var key = await _shop.ApiKeyAsync();

        foreach (var resource in (string[])["web-server", "management-api"])
        {
            Assert.DoesNotContain(await _shop.LogAsync(resource), line => line.Contains(key, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task The_buy_something_command_makes_a_purchase()
    {
        var result = await _shop.ExecuteAsync("web-server", "buy-something");

        Assert.True(result.Success, result.Message);
        Assert.Equal("demo", (string)JsonNode.Parse(result.Data!.Value)!["data"]!["userid"]!);
    }

    [Fact]
    public async Task The_generate_load_command_runs_the_load_test_which_finds_nothing_lost()
    {
        var result = await _shop.ExecuteAsync("web-server", "generate-load");
        Assert.True(result.Success, result.Message);

        var finished = await _shop.WaitForStateAsync("load-test", [.. KnownResourceStates.TerminalStates]);
        Assert.Equal(0, finished.Snapshot.ExitCode);
    }

    [Fact]
    public async Task The_dashboard_links_to_shop_operations_and_docs()
    {
        Assert.Equal(["API docs", "Shop"], _shop.Links("web-server").Select(link => link.Text).Order());
        Assert.Equal(["API docs", "Operations"], _shop.Links("management-api").Select(link => link.Text).Distinct().Order());
        using var browser = new HttpClient();
        foreach (var (text, address) in _shop.Links("web-server"))
        {
            using var page = await browser.GetAsync(address);
            Assert.True(page.IsSuccessStatusCode, $"{text} at {address}: {page.StatusCode}");
        }
    }
}
