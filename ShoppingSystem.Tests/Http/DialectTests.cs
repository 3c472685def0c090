using System.Net;
using Microsoft.Extensions.Time.Testing;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

/// <summary>Both dialects byte for byte, at the moment of the examples in the documentation.</summary>
public sealed class DialectTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(Some.Moment);
    private InProcessShop _shop = null!;

    public async ValueTask InitializeAsync() => _shop = await InProcessShop.StartAsync(_clock);

    public async ValueTask DisposeAsync() => await _shop.DisposeAsync();

    [Fact]
    public async Task A_v1_purchase_is_answered_and_read_back_as_documented()
    {
        var id = PurchaseId.FromIdempotencyKey("123", "first");

        await BuyAsync("/api/v1/buy", """{"username": "user1", "userid": "123", "price": 50.0}""", "first", HttpStatusCode.Accepted,
            $$$"""{"status":"success","message":"Purchase recorded","data":{"id":"{{{id}}}","username":"user1","userid":"123","price":50.0,"timestamp":1705663200.123456}}""");

        await _shop.Management.UntilRecordedAsync("123", 1);
        var history = $$"""[{"id":"{{id}}","username":"user1","userid":"123","price":50.0,"timestamp":1705663200.123456}]""";
        await AnswersAsync("shop", "/api/v1/getAllUserBuys/123", history);
        await AnswersAsync("management", "/api/v1/purchases/123", history);
        var summary = """{"userid":"123","purchases":1,"total":50.0,"first":1705663200.123456,"last":1705663200.123456}""";
        await AnswersAsync("shop", "/api/v1/users/123/summary", summary);
        await AnswersAsync("management", "/api/v1/users/123/summary", summary);
    }

    [Fact]
    public async Task A_v1_purchase_with_an_item_is_answered_and_read_back_as_documented()
    {
        var id = PurchaseId.FromIdempotencyKey("124", "first");

        await BuyAsync("/api/v1/buy", """{"username":"Zoë 買う","userid":"124","price":12.00,"item":"<tea> & \"cake\" + 'jam'"}""", "first", HttpStatusCode.Accepted,
            $$$"""{"status":"success","message":"Purchase recorded","data":{"id":"{{{id}}}","username":"Zoë 買う","userid":"124","price":12.00,"item":"<tea> & \"cake\" + 'jam'","timestamp":1705663200.123456}}""");

        await _shop.Management.UntilRecordedAsync("124", 1);
        var history = $$"""[{"id":"{{id}}","username":"Zoë 買う","userid":"124","price":12.00,"item":"<tea> & \"cake\" + 'jam'","timestamp":1705663200.123456}]""";
        await AnswersAsync("shop", "/api/v1/getAllUserBuys/124", history);
        await AnswersAsync("management", "/api/v1/purchases/124", history);
    }

    [Fact]
    public async Task A_classic_purchase_is_answered_and_read_back_as_documented()
    {
        var id = PurchaseId.FromIdempotencyKey("555", "first");

        await BuyAsync("/api/buy", """{"username":"elad","userId":"555","price":12.00}""", "first", HttpStatusCode.OK,
            $$"""{"message":"Purchase request sent successfully","id":"{{id}}"}""");

        await _shop.Management.UntilRecordedAsync("555", 1);
        var history = $$"""[{"id":"{{id}}","userId":"555","username":"elad","price":12.00,"timestamp":"2024-01-19T11:20:00.123456Z"}]""";
        await AnswersAsync("shop", "/api/user/555/purchases", history);
        await AnswersAsync("shop", "/api/getAllUserBuys/555", history);
        await AnswersAsync("management", "/api/purchases?userId=555", history);
        await AnswersAsync("management", "/api/purchases/555", history);
    }

    [Fact]
    public async Task A_classic_purchase_with_an_item_is_answered_and_read_back_as_documented()
    {
        var id = PurchaseId.FromIdempotencyKey("556", "first");

        await BuyAsync("/api/buy", """{"username":"elad","userId":"556","price":0.0001,"item":"tea"}""", "first", HttpStatusCode.OK,
            $$"""{"message":"Purchase request sent successfully","id":"{{id}}"}""");

        await _shop.Management.UntilRecordedAsync("556", 1);
        await AnswersAsync("management", "/api/purchases/556",
            $$"""[{"id":"{{id}}","userId":"556","username":"elad","price":0.0001,"item":"tea","timestamp":"2024-01-19T11:20:00.123456Z"}]""");
    }

    [Fact]
    public async Task A_purchase_in_one_dialect_is_in_the_history_of_the_other()
    {
        var first = PurchaseId.FromIdempotencyKey("both", "1");
        var second = PurchaseId.FromIdempotencyKey("both", "2");
        await BuyAsync("/api/buy", """{"username":"u","userId":"both","price":1}""", "1", HttpStatusCode.OK, null);
        _clock.Advance(TimeSpan.FromMicroseconds(999_877));
        await BuyAsync("/api/v1/buy", """{"username":"u","userid":"both","price":2.50}""", "2", HttpStatusCode.Accepted, null);
        await _shop.Management.UntilRecordedAsync("both", 2);

        await AnswersAsync("shop", "/api/v1/getAllUserBuys/both",
            $$"""[{"id":"{{second}}","username":"u","userid":"both","price":2.50,"timestamp":1705663201.123333},{"id":"{{first}}","username":"u","userid":"both","price":1,"timestamp":1705663200.123456}]""");
        await AnswersAsync("shop", "/api/user/both/purchases",
            $$"""[{"id":"{{second}}","userId":"both","username":"u","price":2.50,"timestamp":"2024-01-19T11:20:01.123333Z"},{"id":"{{first}}","userId":"both","username":"u","price":1,"timestamp":"2024-01-19T11:20:00.123456Z"}]""");
        await AnswersAsync("management", "/api/v1/users/both/summary",
            """{"userid":"both","purchases":2,"total":3.50,"first":1705663200.123456,"last":1705663201.123333}""");
    }

    [Theory]
    [InlineData("123", "123")]
    [InlineData("1.5", "1.5")]
    [InlineData("1.50", "1.50")]
    [InlineData("-0", "-0")]
    [InlineData("1e3", "1e3")]
    [InlineData("12345678901234567890123456789012345678901234567890", "12345678901234567890123456789012345678901234567890")]
    public async Task A_number_as_id_or_name_is_its_text(string number, string text)
    {
        var id = PurchaseId.FromIdempotencyKey(text, "1");

        await BuyAsync("/api/v1/buy", $$"""{"username":{{number}},"userid":{{number}},"price":1,"item":{{number}}}""", "1", HttpStatusCode.Accepted,
            $$$"""{"status":"success","message":"Purchase recorded","data":{"id":"{{{id}}}","username":"{{{text}}}","userid":"{{{text}}}","price":1,"item":"{{{text}}}","timestamp":1705663200.123456}}""");
        await BuyAsync("/api/buy", $$"""{"username":{{number}},"userId":{{number}},"price":1,"item":{{number}}}""", "1", HttpStatusCode.OK,
            $$"""{"message":"Purchase request sent successfully","id":"{{id}}"}""");

        await _shop.Management.UntilRecordedAsync(text, 1);
        await AnswersAsync("shop", $"/api/user/{text}/purchases",
            $$"""[{"id":"{{id}}","userId":"{{text}}","username":"{{text}}","price":1,"item":"{{text}}","timestamp":"2024-01-19T11:20:00.123456Z"}]""");
    }

    [Theory]
    [InlineData("0.30000000000000004", "0.3")]
    [InlineData("\"0.30000000000000004\"", "0.3")]
    [InlineData("12.50000", "12.5000")]
    [InlineData("12.50", "12.50")]
    public async Task A_price_is_taken_without_the_noise_of_binary_numbers_and_zeros_beyond_the_fourth_decimal(string sent, string price)
    {
        var id = PurchaseId.FromIdempotencyKey("noise", "1");

        await BuyAsync("/api/v1/buy", $$"""{"username":"u","userid":"noise","price":{{sent}}}""", "1", HttpStatusCode.Accepted,
            $$$"""{"status":"success","message":"Purchase recorded","data":{"id":"{{{id}}}","username":"u","userid":"noise","price":{{{price}}},"timestamp":1705663200.123456}}""");
        await BuyAsync("/api/buy", $$"""{"username":"u","userId":"noise","price":{{sent}}}""", "1", HttpStatusCode.OK, null);
    }

    [Fact]
    public async Task A_whole_second_keeps_its_six_decimals()
    {
        _clock.AdjustTime(new DateTimeOffset(2024, 1, 19, 11, 20, 0, TimeSpan.Zero));
        var id = PurchaseId.FromIdempotencyKey("whole", "1");
        await BuyAsync("/api/buy", """{"username":"u","userId":"whole","price":1}""", "1", HttpStatusCode.OK, null);
        await _shop.Management.UntilRecordedAsync("whole", 1);

        await AnswersAsync("management", "/api/v1/purchases/whole", $$"""[{"id":"{{id}}","username":"u","userid":"whole","price":1,"timestamp":1705663200.000000}]""");
        await AnswersAsync("management", "/api/purchases/whole", $$"""[{"id":"{{id}}","userId":"whole","username":"u","price":1,"timestamp":"2024-01-19T11:20:00.000000Z"}]""");
    }

    [Theory]
    [InlineData("shop", "/api/v1/getAllUserBuys/nobody", "[]")]
    [InlineData("shop", "/api/user/nobody/purchases", "[]")]
    [InlineData("shop", "/api/getAllUserBuys/nobody", "[]")]
    [InlineData("shop", "/api/v1/users/nobody/summary", """{"userid":"nobody","purchases":0,"total":0,"first":null,"last":null}""")]
    [InlineData("management", "/api/v1/purchases/nobody", "[]")]
    [InlineData("management", "/api/purchases?userId=nobody", "[]")]
    [InlineData("management", "/api/purchases/nobody", "[]")]
    [InlineData("management", "/api/v1/users/nobody/summary", """{"userid":"nobody","purchases":0,"total":0,"first":null,"last":null}""")]
    public Task An_unknown_user_has_an_empty_history(string service, string path, string reply) => AnswersAsync(service, path, reply);

    private async Task BuyAsync(string path, string body, string key, HttpStatusCode status, string? expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = Support.Http.Json(body), Headers = { { "Idempotency-Key", key } } };
        using var reply = await _shop.Shop.SendAsync(request);
        var text = await reply.Content.ReadAsStringAsync();
        Assert.True(reply.StatusCode == status, $"{(int)reply.StatusCode} {text}");
        Assert.Equal("application/json", reply.Content.Headers.ContentType?.MediaType);
        if (expected is not null)
        {
            Assert.Equal(expected, text);
        }
    }

    private async Task AnswersAsync(string service, string path, string expected)
    {
        using var reply = await _shop[service].GetAsync(path);
        Assert.Equal(expected, await reply.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.Equal("application/json", reply.Content.Headers.ContentType?.MediaType);
        Assert.False(reply.Headers.Contains("Link"));
    }
}
