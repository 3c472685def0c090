using System.Net;
using System.Text.Json;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

public sealed class ProbesAndDocsTests(ShopFixture fixture) : IClassFixture<ShopFixture>
{
    private readonly InProcessShop _shop = fixture.Shop;

    [Theory]
    [InlineData("shop", "/-/healthy")]
    [InlineData("shop", "/alive")]
    [InlineData("management", "/-/healthy")]
    [InlineData("management", "/alive")]
    public async Task The_liveness_probe_reports_alive(string service, string path)
    {
        using var reply = await _shop[service].GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.Equal("""{"status":"alive"}""", await reply.Content.ReadAsStringAsync());
        Assert.Equal("application/json", reply.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("shop")]
    [InlineData("management")]
    public async Task The_serving_probe_reports_serving(string service)
    {
        using var reply = await _shop[service].GetAsync("/-/serving");

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.Equal("""{"status":"serving"}""", await reply.Content.ReadAsStringAsync());
        Assert.Equal("application/json", reply.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("shop", "/-/ready", "log", "management-api")]
    [InlineData("shop", "/health", "log", "management-api")]
    [InlineData("management", "/-/ready", "recorder", "store")]
    [InlineData("management", "/health", "recorder", "store")]
    public async Task Readiness_names_every_dependency_with_its_state(string service, string path, params string[] dependencies)
    {
        using var reply = await _shop[service].GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.Equal("application/json", reply.Content.Headers.ContentType?.MediaType);
        using var json = JsonDocument.Parse(await reply.Content.ReadAsStringAsync());
        Assert.Equal("ready", json.RootElement.GetProperty("status").GetString());
        Assert.Equal(dependencies.Append("status").Order(), json.RootElement.EnumerateObject().Select(entry => entry.Name).Order());
        Assert.All(dependencies, dependency => Assert.Equal("up", json.RootElement.GetProperty(dependency).GetString()));
    }

    [Theory]
    [InlineData("shop", "/")]
    [InlineData("shop", "/-/serving")]
    [InlineData("shop", "/-/ready")]
    [InlineData("shop", "/openapi/v1.json")]
    [InlineData("shop", "/api/v1/getAllUserBuys/123")]
    [InlineData("shop", "/api/user/123/purchases")]
    [InlineData("shop", "/api/v1/buy")]
    [InlineData("shop", "/nowhere")]
    [InlineData("management", "/")]
    [InlineData("management", "/api/purchases?userId=123")]
    [InlineData("management", "/api/v1/purchases/123?limit=0")]
    [InlineData("management", "/api/v1/stats")]
    public async Task HEAD_is_answered_as_GET_is_without_the_content(string service, string path)
    {
        using var get = await _shop[service].GetAsync(path);
        using var head = await _shop[service].SendAsync(new HttpRequestMessage(HttpMethod.Head, path));

        Assert.Equal(get.StatusCode, head.StatusCode);
        Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        // The connection is still in step.
        using var next = await _shop[service].GetAsync("/alive");
        Assert.Equal("""{"status":"alive"}""", await next.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("shop")]
    [InlineData("management")]
    public async Task Docs_are_served_with_all_that_they_load(string service)
    {
        using var reply = await _shop[service].GetAsync("/docs");
        var page = await reply.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.Equal("text/html", reply.Content.Headers.ContentType?.MediaType);
        Assert.Contains("swagger-ui", page, StringComparison.Ordinal);
        var scripts = System.Text.RegularExpressions.Regex.Matches(page, "(?:src|href)=\"([^\"]+)\"").Select(match => match.Groups[1].Value).ToList();
        Assert.Contains(scripts, script => script.EndsWith(".js", StringComparison.Ordinal));
        foreach (var script in scripts)
        {
            using var loaded = await _shop[service].GetAsync(new Uri(reply.RequestMessage!.RequestUri!, script));
            Assert.True(loaded.IsSuccessStatusCode, script);
        }
    }

    [Theory]
    [InlineData("shop",
        "POST /api/v1/buy", "POST /api/buy", "GET /api/v1/getAllUserBuys/{userid}", "GET /api/user/{userId}/purchases",
        "GET /api/getAllUserBuys/{userId}", "GET /api/v1/users/{userid}/summary")]
    [InlineData("management",
        "GET /api/v1/purchases/{userid}", "GET /api/purchases", "GET /api/purchases/{userId}", "GET /api/v1/users/{userid}/summary",
        "GET /api/v1/stats", "GET /api/v1/stats/stream", "GET /api/v1/dead-letters", "POST /api/v1/dead-letters/{id}/replay",
        "DELETE /api/v1/dead-letters/{id}")]
    public async Task The_API_description_holds_every_route(string service, params string[] routes)
    {
        using var json = JsonDocument.Parse(await _shop[service].GetStringAsync("/openapi/v1.json"));
        var operations = json.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => (Route: $"{operation.Name.ToUpperInvariant()} {path.Name}", Operation: operation.Value)))
            .ToDictionary(entry => entry.Route, entry => entry.Operation);

        Assert.Equal(routes.Order(), operations.Keys.Order());
        Assert.All(operations, entry =>
        {
            Assert.False(string.IsNullOrEmpty(entry.Value.GetProperty("summary").GetString()), $"{entry.Key} has no summary");
            Assert.Contains(entry.Value.GetProperty("responses").EnumerateObject(), response => response.Name.StartsWith('2'));
        });
    }

    [Theory]
    [InlineData("shop", "/nothing/here")]
    [InlineData("shop", "/api/v1/nothing")]
    [InlineData("shop", "/api/v1/stats")]
    [InlineData("shop", "/api/v1/purchases/123")]
    [InlineData("management", "/api/v1/nothing")]
    [InlineData("management", "/api/v1/getAllUserBuys/123")]
    public async Task An_unknown_route_is_answered_with_a_problem(string service, string path)
    {
        using var reply = await _shop[service].GetAsync(path);

        await reply.ProblemAsync(HttpStatusCode.NotFound);
    }
}
