using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

/// <summary>
/// The requests of both originals' READMEs and tests, and what their clients read of the replies: the FastAPI one
/// (<c>/api/v1</c>) and the Express one (<c>/api</c>, the classic dialect).
/// </summary>
public sealed class OriginalClientTests(ShopFixture fixture) : IClassFixture<ShopFixture>
{
    private const string Missing = "Missing required fields";

    private readonly InProcessShop _shop = fixture.Shop;

    [Fact]
    public async Task The_FastAPI_original_README_is_followed_to_the_letter()
    {
        var began = DateTimeOffset.UtcNow;
        using var bought = await _shop.Shop.PostAsync("/api/v1/buy", Support.Http.Json("""{"username": "user1", "userid": "123", "price": 50.0}"""));
        var reply = await bought.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(HttpStatusCode.Accepted, bought.StatusCode);
        Assert.Equal("success", reply.GetProperty("status").GetString());
        Assert.Equal("Purchase recorded", reply.GetProperty("message").GetString());
        CheckEntry(reply.GetProperty("data"));

        await _shop.Management.UntilRecordedAsync("123", 1);
        foreach (var (service, path) in ((string, string)[])[("shop", "/api/v1/getAllUserBuys/123"), ("management", "/api/v1/purchases/123")])
        {
            using var history = await _shop[service].GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, history.StatusCode);
            CheckEntry(Assert.Single((await history.Content.ReadFromJsonAsync<JsonElement>()).EnumerateArray()));
        }

        void CheckEntry(JsonElement entry)
        {
            Assert.Equal("user1", entry.GetProperty("username").GetString());
            Assert.Equal("123", entry.GetProperty("userid").GetString());
            Assert.Equal(50.0, entry.GetProperty("price").GetDouble());
            Assert.InRange(entry.GetProperty("timestamp").GetDouble(), began.ToUnixTimeSeconds() - 1, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1);
        }
    }

    [Theory]
    [InlineData("shop")]
    [InlineData("management")]
    public async Task The_FastAPI_original_test_of_liveness_passes(string service)
    {
        using var alive = await _shop[service].GetAsync("/-/healthy");
        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
        Assert.Equal("""{"status":"alive"}""", await alive.Content.ReadAsStringAsync());

        using var ready = await _shop[service].GetAsync("/-/ready");
        Assert.Equal("ready", (await ready.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("status").GetString());
        using var docs = await _shop[service].GetAsync("/docs");
        Assert.Equal(HttpStatusCode.OK, docs.StatusCode);
    }

    [Fact]
    public async Task The_Express_original_README_and_tests_are_followed_to_the_letter()
    {
        using var bought = await _shop.Shop.PostAsync("/api/buy", Support.Http.Json("""{"username":"elad","userId":"555","price":12.00}"""));
        Assert.Equal(HttpStatusCode.OK, bought.StatusCode);
        Assert.Equal("Purchase request sent successfully", (await bought.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("message").GetString());
        using var second = await _shop.Shop.PostAsync("/api/buy", Support.Http.Json("""{"username":"elad","userId":"555","price":9.99}"""));
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);

        await _shop.Management.UntilRecordedAsync("555", 2);
        foreach (var (service, path) in ((string, string)[])
            [("shop", "/api/user/555/purchases"), ("shop", "/api/getAllUserBuys/555"), ("management", "/api/purchases?userId=555"), ("management", "/api/purchases/555")])
        {
            using var reply = await _shop[service].GetAsync(path);
            var history = await reply.Content.ReadFromJsonAsync<JsonElement>();
            Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
            Assert.Equal(2, history.GetArrayLength());
            Assert.All(history.EnumerateArray(), entry =>
            {
                Assert.Equal("555", entry.GetProperty("userId").GetString());
                Assert.Equal("elad", entry.GetProperty("username").GetString());
                Assert.Equal(TimeSpan.Zero, entry.GetProperty("timestamp").GetDateTimeOffset().Offset);
            });
            Assert.Equal([9.99, 12.00], history.EnumerateArray().Select(entry => entry.GetProperty("price").GetDouble()));
        }

        foreach (var path in (string[])["/api/purchases/999", "/api/purchases?userId=999"])
        {
            Assert.Equal("[]", await _shop.Management.GetStringAsync(path));
        }
    }

    [Theory]
    [InlineData("""{"userId":"123","price":9.99}""")]
    [InlineData("""{"username":"alice","price":9.99}""")]
    [InlineData("""{"username":"alice","userId":"123"}""")]
    [InlineData("""{"username":"","userId":"123","price":9.99}""")]
    [InlineData("""{"username":"alice","userId":null,"price":9.99}""")]
    [InlineData("""{"username":"alice","price":-1}""")]
    [InlineData("{}")]
    [InlineData("")]
    public async Task A_classic_purchase_with_missing_or_empty_fields_gets_the_message_of_the_original(string body)
    {
        using var reply = await _shop.Shop.PostAsync("/api/buy", Support.Http.Json(body));

        Assert.Equal(Missing, (await reply.ProblemAsync(HttpStatusCode.BadRequest)).GetProperty("error").GetString());
    }

    [Fact]
    public async Task A_classic_purchase_without_body_and_media_type_gets_the_message_of_the_original()
    {
        using var reply = await _shop.Shop.PostAsync("/api/buy", null);

        Assert.Equal(Missing, (await reply.ProblemAsync(HttpStatusCode.BadRequest)).GetProperty("error").GetString());
    }

    /// <summary>Every refusal says in words what is wrong: as <c>detail</c> to all, as <c>error</c> to classic clients.</summary>
    [Theory]
    [InlineData("POST", "buy", """{"username":"u","USER":"1","price":-1}""", 400)]
    [InlineData("POST", "buy", """{"username":"u","USER":"1","price":"much"}""", 400)]
    [InlineData("POST", "buy", "{", 400)]
    [InlineData("POST", "buy", "[]", 400)]
    [InlineData("POST", "buy", "LONG", 413)]
    [InlineData("POST", "buy", """{"username":"u","USER":"1","price":1}""", 415, "text/plain")]
    [InlineData("POST", "buy", """{"username":"u","USER":"1","price":1}""", 415, "application/json; charset=bogus")]
    [InlineData("GET", "getAllUserBuys/1?limit=0", null, 400)]
    [InlineData("GET", "getAllUserBuys/1?limit=x", null, 400)]
    [InlineData("GET", "getAllUserBuys/%01", null, 400)]
    [InlineData("GET", "getAllUserBuys/", null, 404)]
    [InlineData("GET", "nowhere", null, 404)]
    [InlineData("DELETE", "buy", null, 405)]
    [InlineData("OPTIONS", "buy", null, 405)]
    public async Task A_refusal_says_what_is_wrong(string method, string route, string? body, int status, string type = "application/json")
    {
        foreach (var (prefix, user) in ((string, string)[])[("/api/v1/", "userid"), ("/api/", "userId")])
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), prefix + route);
            if (body is not null)
            {
                request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body is "LONG" ? new string(' ', 17 * 1024) : body.Replace("USER", user, StringComparison.Ordinal)));
                Assert.True(request.Content.Headers.TryAddWithoutValidation("Content-Type", type));
            }

            using var reply = await _shop.Shop.SendAsync(request);

            await SaysAsync(reply, (HttpStatusCode)status, isClassic: user is "userId");
        }
    }

    [Theory]
    [InlineData("/api/purchases", 400)]
    [InlineData("/api/purchases/1?before=x", 400)]
    [InlineData("/api/purchases/", 400)]
    [InlineData("/api/nowhere", 404)]
    public async Task A_refusal_by_the_management_API_says_what_is_wrong(string path, int status)
    {
        using var reply = await _shop.Management.GetAsync(path);

        await SaysAsync(reply, (HttpStatusCode)status, isClassic: true);
    }

    [Theory]
    [InlineData("/api/v1/", false)]
    [InlineData("/api/", true)]
    public async Task Server_errors_and_overload_refusals_say_what_is_wrong(string prefix, bool isClassic)
    {
        var user = isClassic ? "userId" : "userid";
        var purchase = $$"""{"username":"u","{{user}}":"1","price":1}""";
        await using var failing = await StorefrontHost.StartAsync(new FailingLog());
        using var failed = await failing.Client.PostAsync($"{prefix}buy", Support.Http.Json(purchase));
        await SaysAsync(failed, HttpStatusCode.InternalServerError, isClassic);

        await using var refusing = await StorefrontHost.StartAsync(
            new RefusingLog(), null, "--services:management-api:http:0=http://127.0.0.1:9", "--Proxies:0=127.0.0.0/8", "--Admission:RequestsPerSecond=1", "--Admission:Burst=2");
        using var refused = await refusing.Client.PostAsync($"{prefix}buy", Support.Http.Json(purchase));
        await SaysAsync(refused, HttpStatusCode.ServiceUnavailable, isClassic);
        using var away = await refusing.Client.GetAsync($"{prefix}getAllUserBuys/1");
        await SaysAsync(away, HttpStatusCode.ServiceUnavailable, isClassic);
        await Eventually.TrueAsync(
            async () =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, $"{prefix}buy") { Content = Support.Http.Json("{}"), Headers = { { "X-Forwarded-For", "10.1.2.3" } } };
                using var reply = await refusing.Client.SendAsync(request);
                if (reply.StatusCode is HttpStatusCode.BadRequest)
                {
                    return false;
                }

                await SaysAsync(reply, HttpStatusCode.TooManyRequests, isClassic);
                return true;
            },
            "it is too much");

        var log = new MemoryLog(open: false);
        await using var full = await StorefrontHost.StartAsync(log, null, "--Admission:MaxConcurrentRequests=1");
        var letIn = full.Client.PostAsync($"{prefix}buy", Support.Http.Json(purchase));
        await Eventually.TrueAsync(() => log.Waiting is 1, "there is no room for another");
        using var shed = await full.Client.PostAsync($"{prefix}buy", Support.Http.Json(purchase));
        await SaysAsync(shed, HttpStatusCode.ServiceUnavailable, isClassic);
        log.Open();
        (await letIn).Dispose();
    }

    [Fact]
    public async Task A_refusal_for_a_missing_key_says_what_is_wrong()
    {
        await using var locked = await InProcessShop.StartAsync(settings: "--Management:ApiKey=secret");
        using var keyless = await locked.Management.GetAsync("/api/purchases/1");
        await SaysAsync(keyless, HttpStatusCode.Unauthorized, isClassic: true);
        using var keylessV1 = await locked.Management.GetAsync("/api/v1/purchases/1");
        await SaysAsync(keylessV1, HttpStatusCode.Unauthorized, isClassic: false);
    }

    /// <summary>What client libraries and proxies make of the same request.</summary>
    [Theory]
    [InlineData("POST /api/buy HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 42\r\n\r\n{\"username\":\"u\",\"userId\":\"odd\",\"price\":1 }", 200)]
    [InlineData("POST /api/buy/ HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 42\r\nConnection: close\r\n\r\n{\"username\":\"u\",\"userId\":\"odd\",\"price\":1 }", 200)]
    [InlineData("POST http://shop/api/buy HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 42\r\nConnection: close\r\n\r\n{\"username\":\"u\",\"userId\":\"odd\",\"price\":1 }", 200)]
    [InlineData("POST /api/buy HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2A\r\n{\"username\":\"u\",\"userId\":\"odd\",\"price\":1 }\r\n0\r\n\r\n", 200)]
    [InlineData("POST /api/buy HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 42\r\nAccept: text/html\r\nConnection: close\r\n\r\n{\"username\":\"u\",\"userId\":\"odd\",\"price\":1 }", 200)]
    [InlineData("POST /api/buy HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 42\r\nAccept: application/json;q=0\r\nConnection: close\r\n\r\n{\"username\":\"u\",\"userId\":\"odd\",\"price\":1 }", 200)]
    [InlineData("POST /api/buy HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 45\r\nConnection: close\r\n\r\n\u00ef\u00bb\u00bf{\"username\":\"u\",\"userId\":\"odd\",\"price\":1 }", 200)]
    [InlineData("GET /api/getAllUserBuys/odd/ HTTP/1.0\r\n\r\n", 200)]
    [InlineData("GET /api//getAllUserBuys/odd HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n", 404)]
    [InlineData("HEAD /api/getAllUserBuys/odd HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n", 200)]
    [InlineData("GET /api/getAllUserBuys/odd HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json; charset=bogus\r\nContent-Encoding: zstd\r\nConnection: close\r\n\r\n", 200)]
    [InlineData("GET /api/getAllUserBuys/odd?limit=1&limit=2 HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /api/getAllUserBuys/odd?before=a&before=b HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /api/getAllUserBuys/odd?userId=another&userId=third HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n", 200)]
    public async Task Unusual_spellings_of_HTTP_requests_get_the_expected_status(string request, int status)
    {
        var reply = await RawHttp.SendAsync(_shop.Shop.BaseAddress!, Encoding.Latin1.GetBytes(request), TimeSpan.FromSeconds(5));

        Assert.StartsWith($"HTTP/1.1 {status} ", reply, StringComparison.Ordinal);
    }

    private static async Task SaysAsync(HttpResponseMessage reply, HttpStatusCode status, bool isClassic)
    {
        var problem = await reply.ProblemAsync(status);
        var detail = problem.GetProperty("detail").GetString();
        Assert.NotEqual(problem.GetProperty("title").GetString(), detail);
        Assert.Equal(isClassic, problem.TryGetProperty("error", out var error));
        if (isClassic)
        {
            Assert.Contains(error.GetString(), (string?[])[detail, Missing]);
        }
    }
}
