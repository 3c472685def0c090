using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using ShoppingSystem.LoadTest;
using ShoppingSystem.Tests.LoadTest;
using ShoppingSystem.Tests.Pages;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Proxy;

/// <summary>
/// Both services behind a real nginx, each under a prefix: once nginx takes it away (<c>proxy_pass http://…/</c>), and once it
/// leaves it to the service (<c>PathBase</c>). It buffers, and speaks HTTP/1.0 to the services, as it does by default.
/// </summary>
public sealed class NginxTests(Browser browser, NginxTests.Behind behind) : IClassFixture<Browser>, IClassFixture<NginxTests.Behind>
{
    private const string Taken = "/shop/";
    private const string Kept = "/kept/";

    private readonly Behind _behind = behind;

    /// <summary>The shop and its proxy.</summary>
    public sealed class Behind : IAsyncLifetime
    {
        private Nginx? _nginx;

        internal InProcessShop Shop { get; private set; } = null!;

        internal Uri Address => _nginx!.Address;

        /// <summary>A client of the proxy.</summary>
        internal HttpClient Client { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            if (Nginx.WhyNot is not null)
            {
                return;
            }

            Shop = await InProcessShop.StartAsync(settings: ["--PathBase=/kept", "--Proxies:0=127.0.0.0/8"]);
            var (shop, management) = (Shop.Shop.BaseAddress!.GetLeftPart(UriPartial.Authority), Shop.Management.BaseAddress!.GetLeftPart(UriPartial.Authority));
            _nginx = await Nginx.StartAsync($$"""
                location /shop/ { proxy_pass {{shop}}/; }
                location /ops/ { proxy_pass {{management}}/; }
                location /named/ {
                    proxy_pass {{shop}}/;
                    proxy_set_header Host $http_host;
                    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                    proxy_set_header X-Forwarded-Proto https;
                    proxy_set_header X-Forwarded-Prefix /named;
                }
                location /kept/ { proxy_pass {{shop}}; }
                """);
            Client = new HttpClient { BaseAddress = _nginx.Address };
        }

        public async ValueTask DisposeAsync()
        {
            if (_nginx is not null)
            {
                Client.Dispose();
                await _nginx.DisposeAsync();
                await Shop.DisposeAsync();
            }
        }
    }

    [NeedsTheory<Nginx>]
    [InlineData("/shop/api/v1/getAllUserBuys/{0}", "/shop/")]
    [InlineData("/shop/api/user/{0}/purchases", "/shop/")]
    [InlineData("/named/api/v1/getAllUserBuys/{0}", "/named/")]
    [InlineData("/kept/api/v1/getAllUserBuys/{0}", "/kept/")]
    [InlineData("/ops/api/v1/purchases/{0}", "/shop/")]
    [InlineData("/ops/api/purchases?userId={0}", "/shop/")]
    public async Task Every_page_of_a_history_is_found(string path, string buyAt)
    {
        var user = $"pages {path}".Replace("/", "", StringComparison.Ordinal).Replace("?", "", StringComparison.Ordinal);
        var bought = new HashSet<Guid>();
        for (var i = 0; i < 5; i++)
        {
            bought.Add(await BuyAsync(buyAt, user));
        }

        await _behind.Shop.Management.UntilRecordedAsync(user, 5);

        var first = string.Format(path, Uri.EscapeDataString(user));
        var read = await _behind.Client.ReadAllAsync($"{first}{(first.Contains('?') ? '&' : '?')}limit=2");
        Assert.Equal(5, read.Count);
        Assert.Equal(bought, [.. read]);
    }

    /// <summary>nginx decodes what it takes the prefix from, and a slash in an id with it; what it leaves alone comes as it was sent.</summary>
    [NeedsTheory<Nginx>]
    [InlineData("a/b")]
    [InlineData("100%")]
    [InlineData("a%2Fb")]
    [InlineData("é & 買う?#")]
    public async Task An_id_comes_as_it_was_sent_where_the_prefix_is_left_to_the_service(string user)
    {
        await BuyAsync(Kept, user);
        await BuyAsync(Kept, user);
        await _behind.Shop.Management.UntilRecordedAsync(user, 2);

        Assert.Equal(2, (await _behind.Client.ReadAllAsync($"/kept/api/v1/getAllUserBuys/{Uri.EscapeDataString(user)}?limit=1")).Count);
        Assert.Equal(2, (await _behind.Client.ReadAllAsync($"/ops/api/purchases?userId={Uri.EscapeDataString(user)}&limit=1")).Count);
    }

    [NeedsTheory<Nginx>]
    [InlineData("/shop/")]
    [InlineData("/kept/")]
    public async Task What_clients_send_comes_through(string prefix)
    {
        using var compressed = new MemoryStream();
        await using (var gzip = new GZipStream(compressed, CompressionMode.Compress, leaveOpen: true))
        {
            await gzip.WriteAsync("""{"username":"u","userid":"through","price":1}"""u8.ToArray());
        }

        using var content = new ByteArrayContent(compressed.ToArray()) { Headers = { ContentEncoding = { "gzip" }, ContentType = MediaTypeHeaderValue.Parse("application/json; charset=\"utf-8\"") } };
        using var packed = await _behind.Client.PostAsync($"{prefix}api/v1/buy", content);
        Assert.Equal(HttpStatusCode.Accepted, packed.StatusCode);

        using var chunked = new HttpRequestMessage(HttpMethod.Post, $"{prefix}api/buy")
        {
            Content = Support.Http.Json("""{"username":"u","userId":"through","price":1}"""),
            Headers = { TransferEncodingChunked = true, ExpectContinue = true },
        };
        using var bought = await _behind.Client.SendAsync(chunked);
        Assert.Equal(HttpStatusCode.OK, bought.StatusCode);

        using var refused = await _behind.Client.PostAsync($"{prefix}api/buy", Support.Http.Json("{}"));
        Assert.Equal("Missing required fields", (await refused.ProblemAsync(HttpStatusCode.BadRequest)).GetProperty("error").GetString());

        foreach (var path in (string[])["", "shop/shop.js", "api/v1/getAllUserBuys/through", "docs/index.html"])
        {
            using var get = await _behind.Client.GetAsync(prefix + path);
            using var head = await _behind.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, prefix + path));
            Assert.Equal(HttpStatusCode.OK, get.StatusCode);
            Assert.Equal(get.StatusCode, head.StatusCode);
            Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
        }

        var old = await RawHttp.SendAsync(_behind.Address, $"GET {prefix}api/v1/getAllUserBuys/nobody HTTP/1.0\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", old, StringComparison.Ordinal);
        Assert.EndsWith("[]", old, StringComparison.Ordinal);
    }

    /// <summary>nginx would collect some kilobytes first: one event after the other comes as it happens.</summary>
    [NeedsFact<Nginx>]
    public async Task The_event_stream_is_not_buffered_by_the_proxy()
    {
        using var reply = await _behind.Client.GetAsync("/ops/api/v1/stats/stream", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", reply.Content.Headers.ContentType?.MediaType);
        using var lines = new StreamReader(await reply.Content.ReadAsStreamAsync());
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));

        var user = "watched";
        for (var seen = 0; seen < 3; seen++)
        {
            var id = await BuyAsync(Taken, user);
            // The purchase that was just made is in what comes next, or soon after it.
            while (await lines.ReadLineAsync(timeout.Token) is { } line && !line.Contains(id.ToString(), StringComparison.Ordinal))
            {
            }
        }
    }

    [NeedsFact<Nginx>]
    public async Task The_load_test_reads_all_pages_behind_a_prefix()
    {
        var result = await LoadTestRun.RunAsync(
            new LoadPlan
            {
                Url = new Uri(_behind.Address, Taken),
                Load = OpenLoad.Steady(500, TimeSpan.FromSeconds(2.4)),
                Users = 1,
                // A busy machine is no reason to send less.
                MaxInFlight = 64,
                RetryFor = TimeSpan.FromMinutes(1),
                Timeout = TimeSpan.FromMinutes(1),
                VerifyWithin = TimeSpan.FromMinutes(5),
                MeasureLag = false,
            },
            new Onlooker());

        Assert.True(result.Verification!.Found > 1000, $"{result.Verification.Found} are more than a page");
        Assert.True(result.Verification is { Passed: true, Complete: true, Examples: [] }, string.Join('\n', result.Verification.Examples));
    }

    [NeedsTheory<Both<Nginx, Browser>>]
    [InlineData("/shop/")]
    [InlineData("/named/")]
    [InlineData("/kept/")]
    public async Task The_shop_page_buys_and_shows_the_history(string prefix)
    {
        await using var tab = await browser.OpenAsync(new Uri(_behind.Address, prefix));

        await tab.Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Buy Teapot" }).ClickAsync();

        await Expect(tab.Page.Locator("#count")).ToHaveTextAsync("1 purchase");
        await Expect(tab.Page.Locator("#total")).ToHaveTextAsync("$34.00");
        Assert.Empty(tab.Problems);
    }

    [NeedsFact<Both<Nginx, Browser>>]
    public async Task The_operations_page_is_live()
    {
        using var client = new HttpClient(new Under(Taken)) { BaseAddress = _behind.Address };
        await client.BuyAsync("watched by operators", item: "seen by operators");
        await using var tab = await browser.OpenAsync(new Uri(_behind.Address, "/ops/"));

        await Expect(tab.Page.Locator("#connection")).ToHaveTextAsync("Live");
        await Expect(tab.Page.GetByText("seen by operators").First).ToBeVisibleAsync();
        Assert.Empty(tab.Problems);
    }

    [NeedsTheory<Both<Nginx, Browser>>]
    [InlineData("/shop/docs", "/api/v1/buy")]
    [InlineData("/kept/docs", "/api/v1/buy")]
    [InlineData("/ops/docs", "/api/v1/stats")]
    public async Task The_docs_show_the_API(string path, string route)
    {
        using var page = await _behind.Client.GetAsync(path);
        Assert.EndsWith(path + "/index.html", page.RequestMessage!.RequestUri!.AbsolutePath, StringComparison.Ordinal);
        await using var tab = await browser.OpenAsync(new Uri(_behind.Address, path));

        await Expect(tab.Page.Locator($"[data-path='{route}']").First).ToBeVisibleAsync();
        // Where "Try it out" sends its requests.
        await Expect(tab.Page.Locator(".servers")).ToContainTextAsync("..");
    }

    /// <summary>The web server finds a management API that is behind a prefix, too.</summary>
    [NeedsFact<Nginx>]
    public async Task The_management_API_may_be_behind_a_prefix()
    {
        await BuyAsync(Taken, "asked");
        await _behind.Shop.Management.UntilRecordedAsync("asked", 1);
        await using var other = await StorefrontHost.StartAsync(new MemoryLog(), null, $"--services:management-api:http:0={new Uri(_behind.Address, "/ops")}");

        Assert.Single(await other.Client.ReadAllAsync("/api/v1/getAllUserBuys/asked"));
        Assert.Contains("\"management-api\":\"up\"", await other.Client.GetStringAsync("/health"), StringComparison.Ordinal);
    }

    private async Task<Guid> BuyAsync(string prefix, string user)
    {
        using var client = new HttpClient(new Under(prefix)) { BaseAddress = _behind.Address };
        return await client.BuyAsync(user);
    }

    // What tests ask at the root is asked under the prefix.
    private sealed class Under(string prefix) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri = new Uri(request.RequestUri!, prefix.TrimEnd('/') + request.RequestUri!.PathAndQuery);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
