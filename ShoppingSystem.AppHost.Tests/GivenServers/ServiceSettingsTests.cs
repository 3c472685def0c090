using System.Net;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using ShoppingSystem.AppHost.Tests.Support;
using ShoppingSystem.Tests.Hosts;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.AppHost.Tests.GivenServers;

/// <summary>Settings that the services get through the AppHost.</summary>
public sealed class ServiceSettingsTests(GivenServersShop given) : IClassFixture<GivenServersShop>
{
    [Fact]
    public async Task With_sign_in_on_customers_buy_as_themselves_only()
    {
        await using var issuer = new Issuer { Address = Issuer.FreeAddress() };
        await issuer.StartAsync();
        await using var shop = await given.StartAsync(1, builder => WebServer(builder)
            .WithEnvironment("Authentication__Authority", issuer.Address.ToString())
            .WithEnvironment("Authentication__Audience", Issuer.Audience));
        var ada = new Customer(shop);

        using var stranger = await ada.BuyAsync("1.00");
        shop.Shop.DefaultRequestHeaders.Authorization = new("Bearer", issuer.Token("eve"));
        using var eve = await ada.BuyAsync("1.00");
        shop.Shop.DefaultRequestHeaders.Authorization = new("Bearer", issuer.Token(ada.UserId));
        using var herself = await ada.BuyAsync("1.00");

        Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, eve.StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, herself.StatusCode);
        Assert.Single(await ada.HistoryAsync(shop.Shop, "/api/v1/getAllUserBuys", 1));
    }

    [Fact]
    public async Task Every_replica_is_started_and_healthy_and_what_is_bought_is_recorded()
    {
        await using var shop = await given.StartAsync(2);

        foreach (var (resource, replicas) in new[] { ("web-server", 1), ("management-api", 2) })
        {
            var states = await shop.HealthyReplicasAsync(resource, replicas);
            Assert.All(states, state => Assert.Equal(KnownResourceStates.Running, state.State?.Text));
        }

        await Scenarios.A_retry_under_one_key_is_one_purchase(shop);
    }

    [Fact]
    public async Task A_setting_that_can_not_be_used_ends_the_service_and_its_console_log_names_it()
    {
        await using var shop = await given.StartAsync(1, builder =>
            builder.AddProject<Projects.ShoppingSystem_WebServer>("wrong", launchProfileName: null)
                .WithHttpEndpoint()
                .WithEnvironment("ConnectionStrings__kafka", given.Brokers)
                .WithEnvironment("Admission__Burst", "many"));

        var ended = await shop.WaitForStateAsync("wrong", [.. KnownResourceStates.TerminalStates]);

        Assert.Equal(1, ended.Snapshot.ExitCode);
        await Eventually.TrueAsync(
            async () => (await shop.LogAsync("wrong")).Any(line => line.Contains("Admission:Burst", StringComparison.Ordinal)),
            "the console log names the setting");
    }

    private static IResourceBuilder<ProjectResource> WebServer(IDistributedApplicationBuilder builder) =>
        builder.CreateResourceBuilder(builder.Resources.OfType<ProjectResource>().Single(project => project.Name == "web-server"));
}
