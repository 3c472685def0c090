using System.Net;
using System.Text.Json;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

public sealed class IdempotencyTests(ShopFixture fixture) : IClassFixture<ShopFixture>
{
    private readonly InProcessShop _shop = fixture.Shop;

    [Fact]
    public async Task A_retry_under_the_same_key_is_the_same_purchase()
    {
        var first = await _shop.Shop.BuyAsync("retry", "12.00", key: "order 1");
        await _shop.Management.UntilRecordedAsync("retry", 1);

        var again = await _shop.Shop.BuyAsync("retry", "12.00", key: "order 1");
        using var classic = await BuyClassicAsync("retry", "order 1");
        var other = await _shop.Shop.BuyAsync("retry", "12.00", key: "order 2");

        Assert.Equal(first, again);
        Assert.Equal(first, classic.RootElement.GetProperty("id").GetGuid());
        Assert.NotEqual(first, other);

        // The log keeps the order of a user's purchases: when the last is recorded, the retries have been dealt with.
        await _shop.Management.UntilRecordedAsync("retry", 2);
        Assert.Equal([other, first], await _shop.Management.ReadAllAsync("/api/v1/purchases/retry"));
    }

    [Fact]
    public async Task Many_at_once_under_one_key_are_one_purchase()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => _shop.Shop.BuyAsync("impatient", key: "click")));
        var last = await _shop.Shop.BuyAsync("impatient");

        await Eventually.TrueAsync(async () => (await _shop.Management.ReadAllAsync("/api/v1/purchases/impatient")).Contains(last), "the last is recorded");
        Assert.Single(ids.Distinct());
        Assert.Equal([last, ids[0]], await _shop.Management.ReadAllAsync("/api/v1/purchases/impatient"));
    }

    [Fact]
    public async Task The_first_that_is_recorded_stays()
    {
        await _shop.Shop.BuyAsync("changed", "12.00", key: "k", item: "tea");
        await _shop.Management.UntilRecordedAsync("changed", 1);
        await _shop.Shop.BuyAsync("changed", "13.50", key: "k", item: "cake");
        await _shop.Shop.BuyAsync("changed", "1", key: "l");
        await _shop.Management.UntilRecordedAsync("changed", 2);

        using var history = JsonDocument.Parse(await _shop.Shop.GetStringAsync("/api/v1/getAllUserBuys/changed"));
        Assert.Equal("12.00", history.RootElement[1].GetProperty("price").GetRawText());
        Assert.Equal("tea", history.RootElement[1].GetProperty("item").GetString());
    }

    [Fact]
    public async Task The_same_key_of_another_user_is_another_purchase()
    {
        Assert.NotEqual(await _shop.Shop.BuyAsync("one", key: "k"), await _shop.Shop.BuyAsync("two", key: "k"));
        Assert.NotEqual(await _shop.Shop.BuyAsync("a", key: "b c"), await _shop.Shop.BuyAsync("a b", key: "c"));
    }

    [Fact]
    public async Task Without_a_key_every_request_is_a_purchase()
    {
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _shop.Shop.BuyAsync("often")));

        await _shop.Management.UntilRecordedAsync("often", 10);
    }

    private async Task<JsonDocument> BuyClassicAsync(string userId, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/buy")
        {
            Content = Support.Http.Json($$"""{"username":"user1","userId":"{{userId}}","price":12.00}"""),
            Headers = { { "Idempotency-Key", key } },
        };
        using var reply = await _shop.Shop.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        return JsonDocument.Parse(await reply.Content.ReadAsStringAsync());
    }
}
