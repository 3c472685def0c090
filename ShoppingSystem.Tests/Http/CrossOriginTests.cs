using System.Net;
using Microsoft.Extensions.Options;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

/// <summary>What pages of other origins may do, as browsers ask for it.</summary>
public sealed class CrossOriginTests
{
    private const string Page = "https://front.example.com";

    [Theory]
    [InlineData("/api/v1/buy")]
    [InlineData("/api/buy")]
    public async Task A_page_of_a_configured_origin_may_buy(string route)
    {
        await using var shop = await StorefrontHost.StartAsync(new MemoryLog(), null, "--Cors:Origins:0=http://localhost:5173", $"--Cors:Origins:1={Page}");

        using var preflight = await AskAsync(shop, HttpMethod.Options, route, Page, "content-type,idempotency-key,authorization");
        using var reply = await AskAsync(shop, HttpMethod.Post, route, Page, body: """{"username":"u","userid":"1","price":1}""");

        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        Assert.Equal(Page, Header(preflight, "Access-Control-Allow-Origin"));
        Assert.Equal("true", Header(preflight, "Access-Control-Allow-Credentials"));
        Assert.Contains("POST", Header(preflight, "Access-Control-Allow-Methods"), StringComparison.Ordinal);
        Assert.All((string[])["Content-Type", "Idempotency-Key", "Authorization"], name => Assert.Contains(name, Header(preflight, "Access-Control-Allow-Headers"), StringComparison.OrdinalIgnoreCase));
        Assert.True(reply.IsSuccessStatusCode);
        Assert.Equal(Page, Header(reply, "Access-Control-Allow-Origin"));
        Assert.Equal("Link,Retry-After", Header(reply, "Access-Control-Expose-Headers"));
        Assert.Contains("Origin", Header(reply, "Vary"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_pages_may_buy_where_that_is_said_but_never_with_the_credentials_of_the_browser()
    {
        await using var shop = await StorefrontHost.StartAsync(new MemoryLog(), null, "--Cors:Origins:0=*");

        using var preflight = await AskAsync(shop, HttpMethod.Options, "/api/v1/buy", Page, "content-type");
        using var reply = await AskAsync(shop, HttpMethod.Post, "/api/v1/buy", Page, body: """{"username":"u","userid":"1","price":1}""");

        Assert.All((HttpResponseMessage[])[preflight, reply], answer =>
        {
            Assert.True(answer.IsSuccessStatusCode);
            Assert.Equal("*", Header(answer, "Access-Control-Allow-Origin"));
            Assert.Null(Header(answer, "Access-Control-Allow-Credentials"));
        });
    }

    [Theory]
    [InlineData("https://other.example.com", $"--Cors:Origins:0={Page}")]
    [InlineData("https://front.example.com.evil.example", $"--Cors:Origins:0={Page}")]
    [InlineData("http://front.example.com", $"--Cors:Origins:0={Page}")]
    [InlineData("null", $"--Cors:Origins:0={Page}")]
    [InlineData(Page)]
    public async Task Pages_of_other_origins_may_not_buy(string origin, params string[] settings)
    {
        await using var shop = await StorefrontHost.StartAsync(new MemoryLog(), null, settings);

        using var preflight = await AskAsync(shop, HttpMethod.Options, "/api/v1/buy", origin, "content-type");
        using var reply = await AskAsync(shop, HttpMethod.Get, "/alive", origin);

        Assert.Null(Header(preflight, "Access-Control-Allow-Origin"));
        Assert.Null(Header(reply, "Access-Control-Allow-Origin"));
    }

    /// <summary>A page that can't read a refusal can only say that something went wrong.</summary>
    [Fact]
    public async Task A_page_can_read_every_refusal()
    {
        await using var shop = await StorefrontHost.StartAsync(
            new FailingLog(), null, $"--Cors:Origins:0={Page}", "--services:management-api:http:0=http://127.0.0.1:9", "--Proxies:0=127.0.0.0/8", "--Admission:RequestsPerSecond=1", "--Admission:Burst=6");

        foreach (var (method, path, body, status) in ((HttpMethod, string, string?, HttpStatusCode)[])
        [
            (HttpMethod.Post, "/api/v1/buy", "{}", HttpStatusCode.BadRequest),
            (HttpMethod.Post, "/api/v1/buy", new string(' ', 17 * 1024), HttpStatusCode.RequestEntityTooLarge),
            (HttpMethod.Post, "/api/v1/buy", null, HttpStatusCode.BadRequest),
            (HttpMethod.Post, "/api/v1/buy", """{"username":"u","userid":"1","price":1}""", HttpStatusCode.InternalServerError),
            (HttpMethod.Get, "/api/v1/getAllUserBuys/1", null, HttpStatusCode.ServiceUnavailable),
            (HttpMethod.Delete, "/api/v1/buy", null, HttpStatusCode.MethodNotAllowed),
            (HttpMethod.Get, "/nowhere", null, HttpStatusCode.NotFound),
        ])
        {
            using var reply = await AskAsync(shop, method, path, Page, body: body);
            await reply.ProblemAsync(status);
            Assert.Equal(Page, Header(reply, "Access-Control-Allow-Origin"));
        }

        await Eventually.TrueAsync(
            async () =>
            {
                using var reply = await AskAsync(shop, HttpMethod.Post, "/api/v1/buy", Page, body: "{}", client: "10.1.2.3");
                Assert.Equal(Page, Header(reply, "Access-Control-Allow-Origin"));
                return reply.StatusCode is HttpStatusCode.TooManyRequests;
            },
            "it is too much");
    }

    [Theory]
    [InlineData("Cors:Origins:0=front.example.com", "front.example.com")]
    [InlineData("Cors:Origins:0=https://front.example.com/", "https://front.example.com/")]
    [InlineData("Cors:Origins:0=https://front.example.com/shop", "/shop")]
    [InlineData("Cors:Origins:0=https://*.example.com", "https://*.example.com")]
    [InlineData("Cors:Origins:0=https://front.example.com:443", ":443")]
    [InlineData("Cors:Origins:0=ftp://front.example.com", "ftp://")]
    [InlineData("Cors:Origins:0=https://user@front.example.com", "user@")]
    [InlineData("Cors:Origins:0=null", "null")]
    [InlineData("Cors:Origins:0=", "''")]
    [InlineData("Cors:Origins=https://front.example.com", "is a list")]
    [InlineData("Cors:Origins:0=*,Cors:Origins:1=https://front.example.com", "alone")]
    public async Task An_invalid_origin_stops_the_start_and_is_named(string settings, string named)
    {
        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(async () =>
        {
            await using var shop = await StorefrontHost.StartAsync(new MemoryLog(), null, [.. settings.Split(',').Select(setting => $"--{setting}")]);
        });

        Assert.Contains("Cors:Origins", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> AskAsync(
        StorefrontHost shop, HttpMethod method, string path, string origin, string? headers = null, string? body = null, string client = "127.0.0.1")
    {
        using var request = new HttpRequestMessage(method, path) { Headers = { { "Origin", origin }, { "X-Forwarded-For", client } } };
        if (headers is not null)
        {
            request.Headers.Add("Access-Control-Request-Method", "POST");
            request.Headers.Add("Access-Control-Request-Headers", headers);
        }

        request.Content = body is null ? null : Support.Http.Json(body);
        return await shop.Client.SendAsync(request);
    }

    private static string? Header(HttpResponseMessage reply, string name) =>
        reply.Headers.TryGetValues(name, out var values) ? string.Join(",", values) : null;
}
