using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace ShoppingSystem.AppHost.Tests.Support;

/// <summary>What must hold of every edition.</summary>
internal static class Scenarios
{
    public static async Task A_purchase_is_in_the_history_of_both_services_in_both_dialects(RunningShop shop)
    {
        var ada = new Customer(shop);
        using var reply = await ada.BuyAsync("50.0");
        Assert.Equal(HttpStatusCode.Accepted, reply.StatusCode);
        var first = (await reply.Content.ReadFromJsonAsync<JsonObject>())!["data"]!;
        var second = await ada.BuyClassicAsync(12.00m);

        foreach (var (service, path) in new[] { (shop.Shop, "/api/v1/getAllUserBuys"), (shop.Management, "/api/v1/purchases") })
        {
            var history = await ada.HistoryAsync(service, path, 2);
            Assert.Equal([second, (string)first["id"]!], history.Select(entry => (string)entry!["id"]!));
            Assert.Equal(ada.UserId, (string)history[1]!["userid"]!);
            Assert.Equal("50.0", history[1]!["price"]!.ToJsonString());
            Assert.Equal(first["timestamp"]!.ToJsonString(), history[1]!["timestamp"]!.ToJsonString());
        }

        foreach (var (service, path) in new[] { (shop.Shop, "/api/getAllUserBuys"), (shop.Management, "/api/purchases") })
        {
            var history = await ada.HistoryAsync(service, path, 2);
            Assert.Equal([second, (string)first["id"]!], history.Select(entry => (string)entry!["id"]!));
            Assert.Equal(ada.UserId, (string)history[1]!["userId"]!);
            Assert.Matches(@"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$", (string)history[1]!["timestamp"]!);
        }
    }

    public static async Task A_retry_under_one_key_is_one_purchase(RunningShop shop)
    {
        var ada = new Customer(shop);
        var ids = new HashSet<string>();
        for (var attempt = 0; attempt < 5; attempt++)
        {
            ids.Add(await ada.BuyUntilAcknowledgedAsync(1));
        }

        var another = await ada.BuyUntilAcknowledgedAsync(2);

        var history = await ada.HistoryAsync(shop.Management, "/api/v1/purchases", 2);
        Assert.Equal([another, Assert.Single(ids)], history.Select(entry => (string)entry!["id"]!));
    }

    /// <summary>Customers buy all the time while <paramref name="resource"/> is restarted.</summary>
    public static Task No_purchase_is_lost_or_doubled_while_a_service_restarts(RunningShop shop, string resource) =>
        Nothing_is_lost_or_doubled_while(shop, () => shop.RestartAsync(resource));

    /// <summary>Customers buy all the time while <paramref name="something"/> happens.</summary>
    public static async Task Nothing_is_lost_or_doubled_while(RunningShop shop, Func<Task> something)
    {
        const int Customers = 4;
        var happened = false;
        var buying = Enumerable.Range(0, Customers).Select(_ => Task.Run(async () =>
        {
            var customer = new Customer(shop);
            var bought = new List<string>();
            // The history is read in one page.
            while ((!Volatile.Read(ref happened) || bought.Count < 10) && bought.Count < 1000)
            {
                bought.Add(await customer.BuyUntilAcknowledgedAsync(bought.Count));
                await Task.Delay(TimeSpan.FromMilliseconds(50));
            }

            return (customer, bought);
        })).ToList();

        try
        {
            await something();
        }
        finally
        {
            Volatile.Write(ref happened, true);
        }

        foreach (var (customer, bought) in await Task.WhenAll(buying))
        {
            var history = await customer.HistoryAsync(shop.Management, "/api/v1/purchases", bought.Count);
            Assert.Equal(bought.Order(), history.Select(entry => (string)entry!["id"]!).Order());
        }
    }
}
