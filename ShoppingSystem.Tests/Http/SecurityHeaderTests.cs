using System.Net;
using System.Text;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

public sealed class SecurityHeaderTests(ShopFixture fixture) : IClassFixture<ShopFixture>
{
    private readonly InProcessShop _shop = fixture.Shop;

    [Theory]
    [InlineData("shop", "/", HttpStatusCode.OK)]
    [InlineData("shop", "/shop/shop.js", HttpStatusCode.OK)]
    [InlineData("shop", "/-/ready", HttpStatusCode.OK)]
    [InlineData("shop", "/api/v1/getAllUserBuys/123", HttpStatusCode.OK)]
    [InlineData("shop", "/api/v1/getAllUserBuys/123?limit=0", HttpStatusCode.BadRequest)]
    [InlineData("shop", "/api/v1/getAllUserBuys/123?limit=many", HttpStatusCode.BadRequest)]
    [InlineData("shop", "/api/v1/buy", HttpStatusCode.MethodNotAllowed)]
    [InlineData("shop", "/nothing", HttpStatusCode.NotFound)]
    [InlineData("management", "/", HttpStatusCode.OK)]
    [InlineData("management", "/api/v1/purchases/123", HttpStatusCode.OK)]
    [InlineData("management", "/api/v1/purchases/123?limit=many", HttpStatusCode.BadRequest)]
    [InlineData("management", "/docs/index.html", HttpStatusCode.OK)]
    public async Task Every_reply_carries_the_security_headers(string service, string path, HttpStatusCode expected)
    {
        using var reply = await _shop[service].GetAsync(path);

        Assert.Equal(expected, reply.StatusCode);
        IsProtected(reply);
    }

    [Theory]
    [InlineData("shop", "/api/v1/getAllUserBuys/123")]
    [InlineData("shop", "/api/getAllUserBuys/123")]
    [InlineData("shop", "/api/v1/users/123/summary")]
    [InlineData("shop", "/api/v1/getAllUserBuys/123?limit=0")]
    [InlineData("management", "/api/v1/purchases/123")]
    [InlineData("management", "/api/v1/stats")]
    [InlineData("management", "/api/v1/dead-letters")]
    public async Task Replies_with_histories_statistics_or_dead_letters_forbid_caching(string service, string path)
    {
        using var reply = await _shop[service].GetAsync(path);

        Assert.True(reply.Headers.CacheControl?.NoStore);
    }

    [Theory]
    [InlineData("{", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("{}", "application/json", HttpStatusCode.BadRequest)]
    [InlineData("{}", "text/plain", HttpStatusCode.UnsupportedMediaType)]
    public async Task A_refusal_of_a_body_carries_the_security_headers(string body, string type, HttpStatusCode expected)
    {
        using var content = new StringContent(body, Encoding.UTF8, type);
        using var reply = await _shop.Shop.PostAsync("/api/v1/buy", content);

        Assert.Equal(expected, reply.StatusCode);
        IsProtected(reply);
    }

    private static void IsProtected(HttpResponseMessage reply)
    {
        Assert.Equal("nosniff", Assert.Single(reply.Headers.GetValues("X-Content-Type-Options")));
        var policy = Assert.Single(reply.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        var isApi = reply.RequestMessage!.RequestUri!.AbsolutePath.StartsWith("/api", StringComparison.Ordinal);
        Assert.Equal(!isApi, policy.Contains("script-src 'self';", StringComparison.Ordinal));
        if (!isApi)
        {
            Assert.Equal("no-referrer", Assert.Single(reply.Headers.GetValues("Referrer-Policy")));
        }

        Assert.False(reply.Headers.Contains("Server"));
        Assert.False(reply.Headers.Contains("X-Powered-By"));
    }
}
