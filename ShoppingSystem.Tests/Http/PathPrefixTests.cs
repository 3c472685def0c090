using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

/// <summary>A service that others know under a path of a host; behind a real proxy, see <c>NginxTests</c>.</summary>
public sealed partial class PathPrefixTests : IAsyncLifetime
{
    private InProcessShop _shop = null!;

    public async ValueTask InitializeAsync() => _shop = await InProcessShop.StartAsync(settings: ["--PathBase=/behind/shop", "--Proxies:0=127.0.0.0/8"]);

    public async ValueTask DisposeAsync() => await _shop.DisposeAsync();

    [Theory]
    [InlineData("/behind/shop")]
    [InlineData("")]
    public async Task Routes_are_found_with_and_without_the_configured_prefix(string prefix)
    {
        var user = $"user/{prefix.Length}%";
        await _shop.Shop.BuyAsync(user);
        await _shop.Shop.BuyAsync(user);
        await _shop.Management.UntilRecordedAsync(user, 2);
        var id = Uri.EscapeDataString(user);

        foreach (var path in (string[])["/", "/shop/shop.js", "/alive", "/-/ready", "/docs/index.html", "/openapi/v1.json", $"/api/user/{id}/purchases"])
        {
            using var reply = await _shop.Shop.GetAsync(prefix + path);
            Assert.True(reply.IsSuccessStatusCode, $"{prefix}{path}: {(int)reply.StatusCode}");
        }

        foreach (var (service, path) in ((string, string)[])[("shop", "/api/v1/getAllUserBuys/"), ("shop", "/api/getAllUserBuys/"), ("management", "/api/v1/purchases/"), ("management", "/api/purchases?userId=")])
        {
            var first = $"{prefix}{path}{id}";
            Assert.Equal(2, (await _shop[service].ReadAllAsync($"{first}{(first.Contains('?') ? '&' : '?')}limit=1")).Distinct().Count());
        }

        using var refusal = await _shop.Shop.GetAsync($"{prefix}/api/nowhere");
        Assert.True((await refusal.ProblemAsync(HttpStatusCode.NotFound)).TryGetProperty("error", out _));
    }

    /// <summary>What it says of its own addresses leads to the right place from wherever it was asked.</summary>
    [Theory]
    [InlineData("shop", "/behind/shop", null)]
    [InlineData("management", "/behind/shop", null)]
    [InlineData("shop", "", "/elsewhere")]
    [InlineData("management", "", "/elsewhere")]
    public async Task Links_to_the_service_itself_are_relative(string service, string prefix, string? forwarded)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = _shop[service].BaseAddress };
        if (forwarded is not null)
        {
            client.DefaultRequestHeaders.Add("X-Forwarded-Prefix", forwarded);
        }

        using var docs = await client.GetAsync($"{prefix}/docs");
        Assert.Equal("docs/index.html", docs.Headers.Location?.OriginalString);
        var script = await client.GetStringAsync($"{prefix}/docs/index.js");
        Assert.Equal("../openapi/v1.json", DocumentUrl().Match(script).Groups[1].Value);
        using var description = JsonDocument.Parse(await client.GetStringAsync($"{prefix}/openapi/v1.json"));
        Assert.Equal("..", Assert.Single(description.RootElement.GetProperty("servers").EnumerateArray()).GetProperty("url").GetString());

        foreach (var page in (string[])["/", "/docs/index.html"])
        {
            Assert.All(
                Reference().Matches(await client.GetStringAsync(prefix + page)).Select(match => match.Groups[1].Value),
                reference => Assert.False(reference.StartsWith('/') || reference.Contains("://", StringComparison.Ordinal), $"{page}: {reference}"));
        }
    }

    [Theory]
    [InlineData("/behind/shop", "shop/")]
    [InlineData("/behind/shop?a=b", "shop/?a=b")]
    public async Task A_page_address_without_its_final_slash_is_redirected(string path, string location)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = _shop.Shop.BaseAddress };

        using var reply = await client.GetAsync(path);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, reply.StatusCode);
        Assert.Equal(location, reply.Headers.Location?.OriginalString);
    }

    /// <summary>A proxy may send anything; so may a client, where no proxy stands before it.</summary>
    [Theory]
    [InlineData("shop")]
    [InlineData("//evil.example")]
    [InlineData("/%zz, /b")]
    [InlineData("https://evil.example/")]
    [InlineData("/a%FF?b#c")]
    public async Task An_X_Forwarded_Prefix_header_does_not_change_redirects(string prefix)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/docs");
        Assert.True(request.Headers.TryAddWithoutValidation("X-Forwarded-Prefix", prefix));

        using var reply = await _shop.Shop.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.Equal("/docs/index.html", reply.RequestMessage!.RequestUri!.AbsolutePath);
    }

    [Theory]
    [InlineData("shop")]
    [InlineData("/shop?x")]
    [InlineData("/a//b")]
    [InlineData("/a/../b")]
    [InlineData("/a b")]
    [InlineData("/a%20b")]
    [InlineData("https://example.com/shop")]
    public async Task An_invalid_prefix_stops_the_start_and_is_named(string prefix)
    {
        var refusal = await Assert.ThrowsAsync<ConfigurationException>(async () =>
        {
            await using var shop = await StorefrontHost.StartAsync(new MemoryLog(), null, $"--PathBase={prefix}");
        });

        Assert.Contains("PathBase", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(prefix, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/shop/", "/shop/alive")]
    [InlineData("/", "/alive")]
    [InlineData("", "/alive")]
    [InlineData("/löden/買う", "/l%C3%B6den/%E8%B2%B7%E3%81%86/alive")]
    public async Task A_prefix_is_accepted_with_a_final_slash_empty_or_with_non_ASCII_letters(string prefix, string path)
    {
        await using var shop = await StorefrontHost.StartAsync(new MemoryLog(), null, $"--PathBase={prefix}");

        using var reply = await shop.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
    }

    [GeneratedRegex("\"urls\":\\[\\{\"url\":\"([^\"]+)\"")]
    private static partial Regex DocumentUrl();

    [GeneratedRegex("(?:src|href)=\"([^\"#]+)\"")]
    private static partial Regex Reference();
}
