using System.Net;
using System.Net.Http.Headers;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

public sealed class RefusalTests(ShopFixture fixture) : IClassFixture<ShopFixture>
{
    private static readonly string TooLong = new('x', 129);
    private readonly InProcessShop _shop = fixture.Shop;

    public static TheoryData<string, string[]> BadPurchases => new()
    {
        { "{}", ["username", "userid", "price"] },
        { """{"userid":"1","price":1}""", ["username"] },
        { """{"username":"u","price":1}""", ["userid"] },
        { """{"username":"u","userid":"1"}""", ["price"] },
        { """{"username":null,"userid":null,"price":null}""", ["username", "userid", "price"] },
        { """{"username":"","userid":"","price":0,"item":""}""", ["username", "userid", "price", "item"] },
        { $$"""{"username":"{{TooLong}}","userid":"{{TooLong}}","price":1,"item":"{{TooLong}}"}""", ["username", "userid", "item"] },
        { """{"username":"a\u0000b","userid":"a\nb","price":1,"item":"\u007f"}""", ["username", "userid", "item"] },
        { """{"username":"u","userid":"1","price":-0.01}""", ["price"] },
        { """{"username":"u","userid":"1","price":0.0000}""", ["price"] },
        { """{"username":"u","userid":"1","price":0.00001}""", ["price"] },
        { """{"username":"u","userid":"1","price":12.00001}""", ["price"] },
        { """{"username":"u","userid":"1","price":1000000000.0001}""", ["price"] },
        { """{"username":"u","userid":"1","price":1e28}""", ["price"] },
        { """{"username":"u","userid":"1","price":1e99}""", ["price"] },
        { """{"username":"u","userid":"1","price":79228162514264337593543950336}""", ["price"] },
        { """{"username":"u","userid":"1","price":true}""", ["price"] },
        { """{"username":"u","userid":"1","price":"much"}""", ["price"] },
        { """{"username":"u","userid":"1","price":[1]}""", ["price"] },
        { """{"username":true,"userid":"1","price":1}""", ["username"] },
        { """{"username":["u"],"userid":"1","price":1}""", ["username"] },
        { """{"username":"u","userid":false,"price":1}""", ["userid"] },
        { """{"username":"u","userid":{"id":1},"price":1}""", ["userid"] },
        { """{"username":"u","userid":01,"price":1}""", ["userid"] },
        { """{"username":"u","userid":"1","price":1,"item":true}""", ["item"] },
        { """{"username":"u","userid":"1","price":1,"item":{}}""", ["item"] },
        { """{"username":"u","userid":"1","price":1,"price":2}""", ["price"] },
        { """{"username":"u","userid":"\ud800","price":1}""", ["userid"] },
        { """{"username":"u","userid":".","price":1}""", ["userid"] },
        { """{"username":"..","userid":"..","price":1,"item":"."}""", ["userid"] },
        { "", ["body"] },
        { " ", ["body"] },
        { "null", ["body"] },
        { "[]", ["body"] },
        { "12", ["body"] },
        { "{", ["body"] },
        { "hello", ["body"] },
        { """{"username":"u","userid":"1","price":1""", ["price"] },
        { """{"username":"u","userid":"1","price":1}}""", ["body"] },
        { """{"username":"u","userid":"1","price":01}""", ["price"] },
        { """{'username':'u'}""", ["body"] },
    };

    [Theory]
    [MemberData(nameof(BadPurchases))]
    public async Task An_invalid_purchase_is_refused_and_the_invalid_fields_are_named(string body, string[] fields)
    {
        using var v1 = await _shop.Shop.PostAsync("/api/v1/buy", Support.Http.Json(body));
        using var classic = await _shop.Shop.PostAsync("/api/buy", Support.Http.Json(body.Replace("userid", "userId", StringComparison.Ordinal)));

        await v1.RefusesAsync(fields);
        await classic.RefusesAsync([.. fields.Select(field => field is "userid" ? "userId" : field)]);
    }

    [Theory]
    [InlineData("shop", "/api/v1/getAllUserBuys/1?limit=0", "limit")]
    [InlineData("shop", "/api/v1/getAllUserBuys/1?limit=1001", "limit")]
    [InlineData("shop", "/api/v1/getAllUserBuys/1?limit=many", "limit")]
    [InlineData("shop", "/api/v1/getAllUserBuys/1?limit=99999999999", "limit")]
    [InlineData("shop", "/api/v1/getAllUserBuys/1?before=yesterday", "before")]
    [InlineData("shop", "/api/getAllUserBuys/1?before=yesterday&limit=-1", "before", "limit")]
    [InlineData("shop", "/api/user/1/purchases?limit=0", "limit")]
    [InlineData("shop", "/api/user/%01/purchases", "userId")]
    [InlineData("shop", "/api/v1/getAllUserBuys/a%0Ab", "userid")]
    [InlineData("shop", "/api/v1/users/%7F/summary", "userid")]
    [InlineData("management", "/api/v1/purchases/1?limit=0", "limit")]
    [InlineData("management", "/api/v1/purchases/1?limit=1001", "limit")]
    [InlineData("management", "/api/v1/purchases/1?limit=1.5", "limit")]
    [InlineData("management", "/api/v1/purchases/1?limit=many", "limit")]
    [InlineData("management", "/api/v1/purchases/1?limit=1&limit=2", "limit")]
    [InlineData("management", "/api/v1/purchases/1?before=!", "before")]
    [InlineData("management", "/api/v1/purchases/1?before=AAAAAAAAAAAAAAA%20AAAAAAAAAAAAAAAA", "before")]
    [InlineData("management", "/api/v1/purchases/%C2%85", "userid")]
    [InlineData("management", "/api/purchases", "userId")]
    [InlineData("management", "/api/purchases?userId=", "userId")]
    [InlineData("management", "/api/purchases?userId=1&userId=2", "userId")]
    [InlineData("management", "/api/purchases?userId=%00&limit=0&before=x", "userId", "limit", "before")]
    [InlineData("management", "/api/v1/dead-letters?limit=0", "limit")]
    [InlineData("management", "/api/v1/dead-letters?limit=x", "limit")]
    public async Task An_invalid_query_is_refused_and_the_invalid_parameters_are_named(string service, string path, params string[] fields)
    {
        using var reply = await _shop[service].GetAsync(path);

        await reply.RefusesAsync(fields);
    }

    [Theory]
    [InlineData("shop", "/api/v1/getAllUserBuys/{0}", "userid")]
    [InlineData("shop", "/api/getAllUserBuys/{0}", "userId")]
    [InlineData("shop", "/api/v1/users/{0}/summary", "userid")]
    [InlineData("management", "/api/v1/purchases/{0}", "userid")]
    [InlineData("management", "/api/purchases?userId={0}", "userId")]
    [InlineData("management", "/api/v1/users/{0}/summary", "userid")]
    public async Task A_user_id_that_is_too_long_is_refused(string service, string path, string field)
    {
        using var reply = await _shop[service].GetAsync(string.Format(path, TooLong));

        await reply.RefusesAsync(field);
    }

    /// <summary>On the way to the management API percent signs and quotes are encoded, and what just fitted does not any more.</summary>
    [Theory]
    [InlineData("/api/v1/getAllUserBuys/", "%", HttpStatusCode.BadRequest)]
    [InlineData("/api/getAllUserBuys/1?before=", "\"", HttpStatusCode.RequestUriTooLong)]
    public async Task A_path_or_query_that_grows_too_long_when_forwarded_is_refused(string path, string repeated, HttpStatusCode status)
    {
        var target = path + string.Concat(Enumerable.Repeat(repeated, 8000));

        var reply = await RawHttp.SendAsync(_shop.Shop.BaseAddress!, $"GET {target} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");

        Assert.StartsWith($"HTTP/1.1 {(int)status} ", reply, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_idempotency_key_follows_the_rules_of_text()
    {
        foreach (var key in (string[])["", TooLong])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/buy") { Content = Support.Http.Json("""{"username":"u","userid":"1","price":1}""") };
            Assert.True(request.Headers.TryAddWithoutValidation("Idempotency-Key", key));
            using var reply = await _shop.Shop.SendAsync(request);
            await reply.RefusesAsync("Idempotency-Key");
        }
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/json-seq")]
    [InlineData(null)]
    public async Task Another_media_type_is_415(string? type)
    {
        foreach (var path in (string[])["/api/v1/buy", "/api/buy"])
        {
            using var content = new ByteArrayContent("{}"u8.ToArray());
            content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
            using var reply = await _shop.Shop.PostAsync(path, content);
            await reply.ProblemAsync(HttpStatusCode.UnsupportedMediaType);
        }
    }

    [Theory]
    [InlineData("[]", "body", "is not a JSON object")]
    [InlineData("{", "body", "is not a JSON object")]
    [InlineData("""{"username":"u","userid":"1","price":1,"price":2}""", "price", "is given twice")]
    public async Task The_named_reason_matches_the_fault_of_the_field(string body, string field, string reason)
    {
        using var reply = await _shop.Shop.PostAsync("/api/v1/buy", Support.Http.Json(body));

        var problem = await reply.ProblemAsync(HttpStatusCode.BadRequest);
        Assert.Contains(reason, problem.GetProperty("errors").GetProperty(field)[0].GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_of_more_than_16_KiB_is_413(bool chunked)
    {
        foreach (var (service, path) in ((string, string)[])[("shop", "/api/v1/buy"), ("shop", "/api/buy")])
        {
            // What the chunks are wrapped in counts, too.
            var fits = await SendAsync((16 * 1024) - (chunked ? 512 : 0));
            var tooMuch = await SendAsync((16 * 1024) + 1);

            Assert.NotEqual(HttpStatusCode.RequestEntityTooLarge, fits.StatusCode);
            await tooMuch.ProblemAsync(HttpStatusCode.RequestEntityTooLarge);

            async Task<HttpResponseMessage> SendAsync(int size)
            {
                var body = """{"username":"u","userid":"1","price":1}""";
                using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = Support.Http.Json(body + new string(' ', size - body.Length)) };
                request.Headers.TransferEncodingChunked = chunked;
                request.Headers.ExpectContinue = true;
                return await _shop[service].SendAsync(request);
            }
        }
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("text/html,application/xhtml+xml;q=0.9")]
    [InlineData("image/png")]
    public async Task A_refusal_is_a_problem_whatever_the_client_accepts(string type)
    {
        foreach (var (method, path, status) in ((string, string, HttpStatusCode)[])
            [("POST", "/api/v1/buy", HttpStatusCode.BadRequest), ("DELETE", "/api/v1/buy", HttpStatusCode.MethodNotAllowed), ("GET", "/nowhere", HttpStatusCode.NotFound), ("GET", "/openapi/v2.json", HttpStatusCode.NotFound)])
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = Support.Http.Json("{") };
            request.Headers.TryAddWithoutValidation("Accept", type);
            using var reply = await _shop.Shop.SendAsync(request);
            await reply.ProblemAsync(status);
        }
    }

    [Theory]
    [InlineData("shop", "GET", "/api/v1/buy")]
    [InlineData("shop", "PUT", "/api/buy")]
    [InlineData("shop", "DELETE", "/api/v1/getAllUserBuys/1")]
    [InlineData("management", "POST", "/api/v1/purchases/1")]
    [InlineData("management", "PATCH", "/api/v1/dead-letters")]
    public async Task Another_method_is_405(string service, string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var reply = await _shop[service].SendAsync(request);

        await reply.ProblemAsync(HttpStatusCode.MethodNotAllowed);
    }
}
