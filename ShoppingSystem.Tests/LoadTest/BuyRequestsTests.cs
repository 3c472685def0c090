using System.Text;
using System.Text.Json;
using ShoppingSystem.LoadTest;

namespace ShoppingSystem.Tests.LoadTest;

public sealed class BuyRequestsTests
{
    private static readonly Uri Buy = new("http://shop.example:8081/api/v1/buy");

    [Theory]
    [InlineData(0)]
    [InlineData(1234)]
    [InlineData(999_999_999_999)]
    public void Writes_a_request_that_says_what_the_number_stands_for(long number)
    {
        var requests = new BuyRequests(Buy, "load", users: 500);

        var (lines, body) = Parse(requests, number);
        Assert.Equal("POST /api/v1/buy HTTP/1.1", lines[0]);
        Assert.Contains("Host: shop.example:8081", lines);
        Assert.Contains("Content-Type: application/json", lines);
        Assert.Contains($"Content-Length: {body.Length}", lines);
        Assert.Contains($"Idempotency-Key: {requests.RunId}-{number:D12}", lines);

        using var json = JsonDocument.Parse(body);
        Assert.Equal(requests.UserId(requests.UserOf(number)), json.RootElement.GetProperty("userid").GetString());
        Assert.Equal(BuyRequests.PriceOf(number), json.RootElement.GetProperty("price").GetDecimal());
        Assert.Equal($"Load {requests.UserOf(number):D7}", json.RootElement.GetProperty("username").GetString());
        Assert.True(BuyRequests.TryReadNumber(json.RootElement.GetProperty("item").GetString(), out var read));
        Assert.Equal(number, read);
    }

    [Fact]
    public void Makes_the_same_request_again_but_no_other_like_it()
    {
        var requests = new BuyRequests(Buy, "load", users: 3);

        Assert.Equal(Text(requests, 7), Text(requests, 7));
        Assert.NotEqual(Text(requests, 7), Text(requests, 8));
    }

    [Fact]
    public void Two_runs_share_neither_users_nor_keys()
    {
        var (one, other) = (new BuyRequests(Buy, "load", users: 3), new BuyRequests(Buy, "load", users: 3));

        Assert.NotEqual(one.UserId(1), other.UserId(1));
        Assert.StartsWith("load-", one.UserId(1), StringComparison.Ordinal);
        Assert.NotEqual(KeyOf(one), KeyOf(other));

        static string KeyOf(BuyRequests requests) => Parse(requests, 1).Lines.Single(line => line.StartsWith("Idempotency-Key", StringComparison.Ordinal));
    }

    [Fact]
    public void Prices_keep_the_rules_and_vary()
    {
        var prices = Enumerable.Range(0, 10_000).Select(number => BuyRequests.PriceOf(number)).ToHashSet();

        Assert.All(prices, price => Assert.InRange(price, 100.00m, 999.99m));
        Assert.InRange(prices.Count, 5_000, 10_000);
    }

    [Fact]
    public void Purchases_are_spread_evenly_over_users()
    {
        var requests = new BuyRequests(Buy, "load", users: 10);

        var purchases = Enumerable.Range(0, 10_000).CountBy(number => requests.UserOf(number)).ToDictionary();
        Assert.Equal(10, purchases.Count);
        Assert.All(purchases.Values, count => Assert.InRange(count, 800, 1200));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Tea")]
    [InlineData("Load test purchase ")]
    [InlineData("Load test purchase -1")]
    public void An_item_not_made_by_the_load_test_yields_no_number(string? item) => Assert.False(BuyRequests.TryReadNumber(item, out _));

    private static (string[] Lines, string Body) Parse(BuyRequests requests, long number)
    {
        var parts = Text(requests, number).Split("\r\n\r\n", 2);
        return (parts[0].Split("\r\n"), parts[1]);
    }

    private static string Text(BuyRequests requests, long number)
    {
        var bytes = new byte[requests.Length];
        requests.Write(number, bytes);
        return Encoding.ASCII.GetString(bytes);
    }
}
