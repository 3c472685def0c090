using ShoppingSystem.Sqlite;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Sqlite;

public sealed class OddEventTests(ITestOutputHelper output)
{
    private const int Count = 10_000;

    [Fact]
    public async Task Every_event_in_the_log_is_recorded_or_a_dead_letter()
    {
        var seed = Seed.Next();
        output.WriteLine($"seed {seed}");
        await using var shop = await InProcessShop.StartAsync(events: new OddEvents(seed).Take(Count));
        var (store, deadLetters) = (new SqlitePurchaseStore(shop.Storage.Record), new SqliteDeadLetters(shop.Storage.Record));
        await Eventually.TrueAsync(() => shop.Storage.Log.Committed == Count, "all are dealt with");

        var (recorded, letters) = (await store.CountAsync(), await deadLetters.CountAsync());
        output.WriteLine($"{recorded} recorded, {letters} dead letters");
        OddEvents.AreAllDealtWith(Count, recorded, letters);

        // Those that were recorded can be shown, and it goes on.
        for (var user = 0; user < 20; user++)
        {
            await shop.Shop.ReadAllAsync($"/api/v1/getAllUserBuys/user%20{user}?limit=1000");
        }

        await shop.Shop.BuyAsync("after");
        await shop.Management.UntilRecordedAsync("after", 1);
        Assert.True(await shop.Management.IsReadyAsync());
    }
}
