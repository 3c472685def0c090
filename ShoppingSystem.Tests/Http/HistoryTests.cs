using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

public sealed class HistoryTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(Some.Moment);
    private InProcessShop _shop = null!;

    public async ValueTask InitializeAsync() => _shop = await InProcessShop.StartAsync(_clock);

    public async ValueTask DisposeAsync() => await _shop.DisposeAsync();

    [Theory]
    [InlineData("shop", "/api/v1/getAllUserBuys/{0}", 100)]
    [InlineData("shop", "/api/user/{0}/purchases", 1000)]
    [InlineData("shop", "/api/getAllUserBuys/{0}", 1000)]
    [InlineData("management", "/api/v1/purchases/{0}", 100)]
    [InlineData("management", "/api/purchases?userId={0}", 1000)]
    [InlineData("management", "/api/purchases/{0}", 1000)]
    public async Task Pages_hold_every_purchase_once_newest_first(string service, string route, int defaultLimit)
    {
        const int Purchases = 257;
        const string User = "pages & more/100% %2F +?#é🛒";
        var path = string.Format(route, Uri.EscapeDataString(User));
        var bought = new List<(DateTimeOffset Time, Guid Id)>();
        for (var i = 0; i < Purchases; i++)
        {
            // Several share a microsecond: then the id decides.
            _clock.Advance(TimeSpan.FromMicroseconds(i % 5 == 0 ? 1 : 0));
            bought.Add((_clock.GetUtcNow(), await _shop.Shop.BuyAsync(User)));
        }

        await _shop.Management.UntilRecordedAsync(User, Purchases);
        List<Guid> newestFirst = [.. bought.OrderByDescending(p => p.Time).ThenByDescending(p => p.Id.ToString(), StringComparer.Ordinal).Select(p => p.Id)];
        var client = _shop[service];

        Assert.Equal(newestFirst, await client.ReadAllAsync(path));
        Assert.Equal(newestFirst, await client.ReadAllAsync($"{path}{(path.Contains('?') ? '&' : '?')}limit=10"));
        Assert.Equal(newestFirst, await client.ReadAllAsync($"{path}{(path.Contains('?') ? '&' : '?')}limit=257"));
        Assert.Equal(newestFirst.Take(defaultLimit), (await client.ReadPageAsync(path)).Ids);

        // What is bought while somebody turns the pages does not shift them.
        var (first, next) = await client.ReadPageAsync($"{path}{(path.Contains('?') ? '&' : '?')}limit=200");
        _clock.Advance(TimeSpan.FromMicroseconds(1));
        await _shop.Shop.BuyAsync(User);
        await _shop.Management.UntilRecordedAsync(User, Purchases + 1);
        var (rest, none) = await client.ReadPageAsync(next!);
        Assert.Equal(newestFirst, first.Concat(rest));
        Assert.Null(none);
        Assert.StartsWith(path.Split('?')[0] + "?", next, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    public async Task A_user_id_that_no_path_can_hold_is_found_by_the_query(string userId)
    {
        await using var shop = await InProcessShop.StartAsync(events: [Encoding.UTF8.GetBytes($$"""{"username":"u","userid":"{{userId}}","price":1}""")]);

        await Eventually.TrueAsync(async () => (await shop.Management.ReadAllAsync($"/api/purchases?userId={userId}")).Count == 1, "it is recorded");
    }

    [Fact]
    public async Task The_total_is_exact()
    {
        foreach (var price in (string[])["0.1", "0.2", "0.0003", "999999999.9999", .. Enumerable.Repeat("1000000000.0000", 20)])
        {
            await _shop.Shop.BuyAsync("rich", price);
        }

        await _shop.Management.UntilRecordedAsync("rich", 24);

        foreach (var service in (string[])["shop", "management"])
        {
            using var summary = JsonDocument.Parse(await _shop[service].GetStringAsync("/api/v1/users/rich/summary"));
            Assert.Equal("21000000000.3002", summary.RootElement.GetProperty("total").GetRawText());
        }
    }

    [Theory]
    [InlineData("50.0")]
    [InlineData("12.00")]
    [InlineData("12")]
    [InlineData("0.0001")]
    [InlineData("0.1000")]
    [InlineData("1000000000.0000")]
    [InlineData("1000000000")]
    [InlineData("999999999.9999")]
    public async Task A_price_is_returned_as_it_was_sent(string price)
    {
        var user = $"price {price}";
        await _shop.Shop.BuyAsync(user, price);
        await _shop.Management.UntilRecordedAsync(user, 1);

        foreach (var (service, path) in ((string, string)[])[("shop", "/api/v1/getAllUserBuys/"), ("shop", "/api/getAllUserBuys/"), ("management", "/api/v1/purchases/")])
        {
            using var history = JsonDocument.Parse(await _shop[service].GetStringAsync(path + Uri.EscapeDataString(user)));
            Assert.Equal(price, history.RootElement[0].GetProperty("price").GetRawText());
        }

        using var summary = JsonDocument.Parse(await _shop.Shop.GetStringAsync($"/api/v1/users/{Uri.EscapeDataString(user)}/summary"));
        Assert.Equal(price, summary.RootElement.GetProperty("total").GetRawText());
    }

    /// <summary>Every one of them is a user of their own, found under the id as <c>encodeURIComponent</c> writes it.</summary>
    [Fact]
    public async Task Users_with_odd_ids_are_found_by_path_and_not_mistaken_for_each_other()
    {
        string[] users =
        [
            "a/b", "a%2Fb", "a%2fb", "a%252Fb", "/", "//", "/a", "a/", "%2F", "%", "%%", "%2", "%41", "A", "a", "a\\b", "a b", "a+b", "a%20b",
            "a?b", "a#b", "a&b=c", "a;b", "a:b@c", "é", "e\u0301", "🛒", "\u202eabc", "\ufeff", "...", "a/../b", "a/./b", "purchases", "[]{}|^`\"<>'", " ", "a\u00a0b",
            new('x', 128), string.Concat(Enumerable.Repeat("🛒", 128)),
        ];
        var ids = new Dictionary<string, Guid>();
        foreach (var user in users)
        {
            ids[user] = await _shop.Shop.BuyAsync(user);
        }

        foreach (var user in users)
        {
            var encoded = Uri.EscapeDataString(user);
            await _shop.Management.UntilRecordedAsync(user, 1);
            foreach (var (service, path) in ((string, string)[])
            [
                ("shop", $"/api/v1/getAllUserBuys/{encoded}"), ("shop", $"/api/user/{encoded}/purchases"), ("shop", $"/api/getAllUserBuys/{encoded}"),
                ("management", $"/api/v1/purchases/{encoded}"), ("management", $"/api/purchases/{encoded}"), ("management", $"/api/purchases?userId={encoded}"),
            ])
            {
                Assert.True(ids[user] == Assert.Single((await _shop[service].ReadPageAsync(path)).Ids), path);
            }

            using var summary = JsonDocument.Parse(await _shop.Shop.GetStringAsync($"/api/v1/users/{encoded}/summary"));
            Assert.Equal(user, summary.RootElement.GetProperty("userid").GetString());
        }
    }

    [Theory]
    [InlineData("/api/v1/purchases/a%2Fb/")]
    [InlineData("/api/v1/./purchases/a%2fb")]
    [InlineData("/x/../api/v1/purchases/a%2Fb")]
    [InlineData("/api//../v1/purchases/a%2Fb")]
    public async Task A_path_written_oddly_still_means_its_user(string path)
    {
        var id = await _shop.Shop.BuyAsync("a/b", key: "one");
        await _shop.Management.UntilRecordedAsync("a/b", 1);

        var reply = await RawHttp.SendAsync(_shop.Management.BaseAddress!, $"GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 ", reply, StringComparison.Ordinal);
        Assert.Contains(id.ToString(), reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_management_API_buying_goes_on_and_the_history_says_that_it_is_away()
    {
        await _shop.StopManagementAsync();

        await _shop.Shop.BuyAsync("123");
        using var history = await _shop.Shop.GetAsync("/api/v1/getAllUserBuys/123");
        using var ready = await _shop.Shop.GetAsync("/-/ready");

        await history.ProblemAsync(HttpStatusCode.ServiceUnavailable);
        Assert.NotNull(history.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Contains("\"management-api\":\"degraded\"", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
