using System.Net;
using System.Text.Json;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

public sealed class ApiKeyTests : IAsyncLifetime
{
    private InProcessShop _shop = null!;

    public static TheoryData<string, string> Routes => new()
    {
        { "GET", "/api/v1/purchases/123" },
        { "GET", "/api/purchases/123" },
        { "GET", "/api/purchases?userId=123" },
        { "GET", "/api/v1/users/123/summary" },
        { "GET", "/api/v1/stats" },
        { "GET", "/api/v1/stats/stream" },
        { "GET", "/api/v1/dead-letters" },
        { "POST", "/api/v1/dead-letters/018d21b4-7f8b-7000-8000-000000000001/replay" },
        { "DELETE", "/api/v1/dead-letters/018d21b4-7f8b-7000-8000-000000000001" },
    };

    public async ValueTask InitializeAsync() => _shop = await InProcessShop.StartAsync(settings: "--Management:ApiKey=s3cret");

    public async ValueTask DisposeAsync() => await _shop.DisposeAsync();

    [Theory]
    [MemberData(nameof(Routes))]
    [InlineData("GET", "/-/histories")]
    public async Task Requests_without_the_right_key_are_refused(string method, string path)
    {
        foreach (var key in (string?[])[null, "", "wrong", "s3cre", "s3crets", "S3cret", "s3cret,s3cret"])
        {
            using var reply = await SendAsync(method, path, key);
            await reply.ProblemAsync(HttpStatusCode.Unauthorized);
        }
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Requests_with_the_key_are_answered(string method, string path)
    {
        using var reply = await SendAsync(method, path, "s3cret");

        Assert.Equal(method is "GET" ? HttpStatusCode.OK : HttpStatusCode.NotFound, reply.StatusCode);
    }

    [Fact]
    public async Task Customers_need_no_key_because_the_web_server_sends_it()
    {
        var id = await _shop.Shop.BuyAsync("123");

        await Eventually.TrueAsync(async () => (await _shop.Shop.ReadAllAsync("/api/v1/getAllUserBuys/123")).Contains(id), "it is in the history");
        Assert.Equal([id], await _shop.Shop.ReadAllAsync("/api/getAllUserBuys/123"));
        Assert.Contains("\"purchases\":1", await _shop.Shop.GetStringAsync("/api/v1/users/123/summary"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_may_have_non_ASCII_letters()
    {
        await using var shop = await InProcessShop.StartAsync(settings: "--Management:ApiKey=clé ключ 鍵");
        var id = await shop.Shop.BuyAsync("123");

        await Eventually.TrueAsync(async () => (await shop.Shop.ReadAllAsync("/api/v1/getAllUserBuys/123")).Contains(id), "it is in the history");
    }

    [Theory]
    [InlineData("/-/healthy")]
    [InlineData("/-/serving")]
    [InlineData("/-/ready")]
    [InlineData("/docs")]
    [InlineData("/openapi/v1.json")]
    public async Task Probes_and_docs_stay_open(string path)
    {
        using var reply = await SendAsync("GET", path, null);

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
    }

    [Fact]
    public async Task The_docs_say_that_a_key_is_needed_so_that_it_can_be_given_there()
    {
        using var docs = JsonDocument.Parse(await _shop.Management.GetStringAsync("/openapi/v1.json"));
        using var shopDocs = JsonDocument.Parse(await _shop.Shop.GetStringAsync("/openapi/v1.json"));

        var scheme = docs.RootElement.GetProperty("components").GetProperty("securitySchemes").GetProperty("ApiKey");
        Assert.Equal("apiKey", scheme.GetProperty("type").GetString());
        Assert.Equal("header", scheme.GetProperty("in").GetString());
        Assert.Equal("X-API-Key", scheme.GetProperty("name").GetString());
        Assert.True(Assert.Single(docs.RootElement.GetProperty("security").EnumerateArray()).TryGetProperty("ApiKey", out _));
        Assert.All(
            docs.RootElement.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()),
            operation => Assert.True(operation.Value.GetProperty("responses").TryGetProperty("401", out _), operation.Name));
        Assert.False(shopDocs.RootElement.TryGetProperty("security", out _));
        Assert.DoesNotContain("s3cret", docs.RootElement.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_web_server_passes_the_key_on_to_nobody_else()
    {
        var id = await _shop.Shop.BuyAsync("curious");
        await _shop.Shop.ReadAllAsync("/api/v1/getAllUserBuys/curious");

        foreach (var path in (string[])["/", "/api/v1/getAllUserBuys/curious", "/api/v1/getAllUserBuys/curious?limit=0", "/-/ready", "/openapi/v1.json", "/nothing"])
        {
            using var reply = await _shop.Shop.GetAsync(path);
            var told = reply.Headers.ToString() + reply.Content.Headers + await reply.Content.ReadAsStringAsync();
            Assert.DoesNotContain("s3cret", told, StringComparison.Ordinal);
        }

        Assert.NotEqual(Guid.Empty, id);
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string path, string? key)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("X-API-Key", key);
        }

        return await _shop.Management.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
