using System.Text.Json.Nodes;
using Aspire.Hosting.ApplicationModel;
using ShoppingSystem.AppHost.Tests.Support;

namespace ShoppingSystem.AppHost.Tests.Embedded;

/// <summary>The embedded edition under Aspire: needs no containers.</summary>
public sealed class EmbeddedTests(EmbeddedShop embedded) : IClassFixture<EmbeddedShop>
{
    private readonly RunningShop _shop = embedded.Shop;

    [Fact]
    public Task A_purchase_is_in_the_history_of_both_services_in_both_dialects() =>
        Scenarios.A_purchase_is_in_the_history_of_both_services_in_both_dialects(_shop);

    [Fact]
    public Task A_retry_under_one_key_is_one_purchase() => Scenarios.A_retry_under_one_key_is_one_purchase(_shop);

    [Fact]
    public Task No_purchase_is_lost_or_doubled_while_a_service_restarts() =>
        Scenarios.No_purchase_is_lost_or_doubled_while_a_service_restarts(_shop, "standalone");

    [Fact]
    public async Task The_dashboard_links_to_shop_operations_and_docs()
    {
        var links = _shop.Links("standalone");

        Assert.Equal(["API docs", "API docs", "Operations", "Shop"], links.Select(link => link.Text).Order());
        using var browser = new HttpClient();
        foreach (var (text, address) in links.Where(link => link.Text != "Operations"))
        {
            using var page = await browser.GetAsync(address);
            Assert.True(page.IsSuccessStatusCode, $"{text} at {address}: {page.StatusCode}");
        }
    }

    [Fact]
    public async Task The_buy_something_command_makes_a_purchase()
    {
        var result = await _shop.ExecuteAsync("standalone", "buy-something");

        Assert.True(result.Success, result.Message);
        Assert.Equal("demo", (string)JsonNode.Parse(result.Data!.Value)!["data"]!["userid"]!);
    }

    [Fact]
    public async Task The_generate_load_command_runs_the_load_test_which_finds_nothing_lost()
    {
        var result = await _shop.ExecuteAsync("standalone", "generate-load");
        Assert.True(result.Success, result.Message);

        var finished = await _shop.WaitForStateAsync("load-test", [.. KnownResourceStates.TerminalStates]);
        Assert.Equal(0, finished.Snapshot.ExitCode);
    }
}
