using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

/// <summary>The clock of the machine jumps: time servers, leap seconds, suspended laptops, somebody's hand.</summary>
public sealed class ClockTests
{
    private const string User = "u1";
    private const int AtATime = 25;

    [Fact]
    public async Task When_the_clock_jumps_ids_stay_unique_nothing_is_lost_and_the_history_is_in_order_of_time()
    {
        TimeSpan[] jumps = [TimeSpan.Zero, TimeSpan.FromSeconds(1), TimeSpan.FromHours(-1), TimeSpan.Zero, TimeSpan.FromDays(1), TimeSpan.FromDays(-2), TimeSpan.FromTicks(-10)];
        var clock = new FakeTimeProvider(Some.Moment);
        await using var shop = await InProcessShop.StartAsync(clock);
        var bought = new List<Guid>();
        foreach (var jump in jumps)
        {
            clock.AdjustTime(clock.GetUtcNow() + jump);
            bought.AddRange(await Task.WhenAll(Enumerable.Range(0, AtATime).Select(_ => shop.Shop.BuyAsync(User))));
            await shop.Management.UntilRecordedAsync(User, bought.Count);
            Assert.True(await shop.Management.IsReadyAsync());
            using var statistics = JsonDocument.Parse(await shop.Management.GetStringAsync("/api/v1/stats"));
            Assert.Equal(bought.Count, statistics.RootElement.GetProperty("recorded").GetInt64());
        }

        Assert.Equal(bought.Count, bought.Distinct().Count());
        foreach (var (client, path) in ((HttpClient, string)[])[(shop.Shop, "/api/v1/getAllUserBuys/"), (shop.Management, "/api/v1/purchases/")])
        {
            // The pages of 7 fall on times that several have in common.
            Assert.Equal(bought.Order(), (await client.ReadAllAsync($"{path}{User}?limit=7")).Order());
            using var history = JsonDocument.Parse(await client.GetStringAsync($"{path}{User}?limit=1000"));
            var times = history.RootElement.EnumerateArray().Select(purchase => purchase.GetProperty("timestamp").GetDecimal()).ToList();
            Assert.Equal(times.OrderDescending(), times);
            Assert.Equal(6, times.Distinct().Count());
        }
    }

    [Fact]
    public async Task A_retry_after_the_clock_went_backward_or_forward_is_the_same_purchase()
    {
        var clock = new FakeTimeProvider(Some.Moment);
        await using var shop = await InProcessShop.StartAsync(clock);
        var first = await shop.Shop.BuyAsync(User, key: "order 1");
        foreach (var jump in (TimeSpan[])[TimeSpan.FromHours(-1), TimeSpan.FromDays(1)])
        {
            clock.AdjustTime(clock.GetUtcNow() + jump);
            Assert.Equal(first, await shop.Shop.BuyAsync(User, key: "order 1"));
        }

        var last = await shop.Shop.BuyAsync(User, key: "order 2");
        await Eventually.TrueAsync(async () => (await shop.Management.ReadAllAsync($"/api/v1/purchases/{User}")).Contains(last), "all are recorded");
        Assert.Equal([last, first], await shop.Management.ReadAllAsync($"/api/v1/purchases/{User}"));
    }

    [Theory]
    [InlineData("1969-12-31T23:59:59.5Z", "-0.500000")]
    [InlineData("1601-01-01T00:00:00Z", "-11644473600.000000")]
    [InlineData("1970-01-01T00:00:00Z", "0.000000")]
    public async Task A_clock_far_from_the_present_does_no_harm(string time, string timestamp)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture));
        await using var shop = await InProcessShop.StartAsync(clock, events: ["no JSON"u8.ToArray()]);
        Guid[] bought = [await shop.Shop.BuyAsync(User), await shop.Shop.BuyAsync(User), await shop.Shop.BuyAsync(User, key: "k")];
        using var classic = await shop.Shop.PostAsync("/api/buy", Support.Http.Json($$"""{"username":"user1","userId":"{{User}}","price":1}"""));
        Assert.True(classic.IsSuccessStatusCode);

        await shop.Management.UntilRecordedAsync(User, 4);

        foreach (var (client, path) in ((HttpClient, string)[])[(shop.Shop, "/api/v1/getAllUserBuys/"), (shop.Management, "/api/v1/purchases/")])
        {
            var ids = await client.ReadAllAsync($"{path}{User}?limit=1");
            Assert.Equal(4, ids.Count);
            Assert.Empty(bought.Except(ids));
            using var history = JsonDocument.Parse(await client.GetStringAsync($"{path}{User}"));
            Assert.All(history.RootElement.EnumerateArray(), purchase => Assert.Equal(timestamp, purchase.GetProperty("timestamp").GetRawText()));
        }

        Assert.True((await shop.Management.GetAsync($"/api/purchases/{User}")).IsSuccessStatusCode);
        Assert.True((await shop.Management.GetAsync("/api/v1/dead-letters?limit=1")).IsSuccessStatusCode);
        Assert.True(await shop.Shop.IsReadyAsync());
        Assert.True(await shop.Management.IsReadyAsync());
        using var statistics = JsonDocument.Parse(await shop.Management.GetStringAsync("/api/v1/stats"));
        Assert.Equal(4, statistics.RootElement.GetProperty("recorded").GetInt64());
    }
}
