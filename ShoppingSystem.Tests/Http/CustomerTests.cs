using System.Net;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShoppingSystem.Storefront;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

/// <summary>Sign-in, with a scheme of the tests' own: the bearer token is the subject.</summary>
public sealed class CustomerTests
{
    internal static readonly string[] SignInOn = ["--Authentication:Authority=https://login.example", "--Authentication:Audience=shop"];

    [Theory]
    [InlineData("/api/v1/buy", "ada", "ada", HttpStatusCode.Accepted)]
    [InlineData("/api/v1/buy", "ada", "eve", HttpStatusCode.Forbidden)]
    [InlineData("/api/v1/buy", "ada", null, HttpStatusCode.Unauthorized)]
    [InlineData("/api/buy", "ada", "ada", HttpStatusCode.OK)]
    [InlineData("/api/buy", "ada", "eve", HttpStatusCode.Forbidden)]
    [InlineData("/api/buy", "ada", null, HttpStatusCode.Unauthorized)]
    public async Task Customers_buy_only_as_themselves(string route, string userId, string? token, HttpStatusCode expected)
    {
        await using var shop = await StorefrontHost.StartAsync(new MemoryLog(), WithTestScheme, SignInOn);
        using var request = new HttpRequestMessage(HttpMethod.Post, route)
        {
            Content = JsonContent.Create(new Dictionary<string, object>
            {
                ["username"] = "Ada",
                [route is "/api/buy" ? "userId" : "userid"] = userId,
                ["price"] = 12.5m,
            }),
        };

        Assert.Equal(expected, await StatusAsync(shop.Client, request, token));
    }

    [Theory]
    [InlineData("/api/v1/getAllUserBuys/ada")]
    [InlineData("/api/user/ada/purchases")]
    [InlineData("/api/getAllUserBuys/ada")]
    [InlineData("/api/v1/users/ada/summary")]
    public async Task Customers_read_only_their_own_purchases(string route)
    {
        await using var shop = await StorefrontHost.StartAsync(new MemoryLog(), WithTestScheme, SignInOn);

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(shop.Client, new(HttpMethod.Get, route), null));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(shop.Client, new(HttpMethod.Get, route), "eve"));

        // Let in: there is no management API here, so there is no answer either.
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(shop.Client, new(HttpMethod.Get, route), "ada"));
    }

    [Fact]
    public async Task A_request_without_a_user_is_refused_with_that_reason()
    {
        await using var shop = await StorefrontHost.StartAsync(new MemoryLog(), WithTestScheme, SignInOn);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/buy") { Content = JsonContent.Create(new { username = "Ada", price = 1 }) };

        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(shop.Client, request, "ada"));
    }

    [Fact]
    public async Task Probes_and_the_page_stay_open()
    {
        await using var shop = await StorefrontHost.StartAsync(new MemoryLog(), WithTestScheme, SignInOn);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(shop.Client, new(HttpMethod.Get, "/-/healthy"), null));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(shop.Client, new(HttpMethod.Get, "/"), null));
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData("eve", HttpStatusCode.Forbidden)]
    public async Task A_refusal_is_a_problem_like_any_other(string? token, HttpStatusCode status)
    {
        await using var shop = await StorefrontHost.StartAsync(new MemoryLog(), WithTestScheme, SignInOn);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/getAllUserBuys/ada");
        request.Headers.Authorization = token is null ? null : new("Bearer", token);

        using var reply = await shop.Client.SendAsync(request);

        var problem = await reply.ProblemAsync(status);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        Assert.Equal("nosniff", Assert.Single(reply.Headers.GetValues("X-Content-Type-Options")));
    }

    [Theory]
    [InlineData("a%2Fb", "a/b", HttpStatusCode.ServiceUnavailable)]
    [InlineData("a%2Fb", "a%2Fb", HttpStatusCode.Forbidden)]
    [InlineData("a%252Fb", "a%2Fb", HttpStatusCode.ServiceUnavailable)]
    [InlineData("a%252Fb", "a/b", HttpStatusCode.Forbidden)]
    [InlineData("ADA", "ada", HttpStatusCode.Forbidden)]
    [InlineData("ada%20", "ada", HttpStatusCode.Forbidden)]
    public async Task The_decoded_user_id_is_compared_exactly_with_the_signed_in_customer(string encoded, string subject, HttpStatusCode expected)
    {
        await using var shop = await StorefrontHost.StartAsync(new MemoryLog(), WithTestScheme, SignInOn);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/getAllUserBuys/{encoded}");

        Assert.Equal(expected, await StatusAsync(shop.Client, request, subject));
    }

    [Fact]
    public async Task The_docs_say_that_a_token_is_needed_where_it_is()
    {
        await using var closed = await StorefrontHost.StartAsync(new MemoryLog(), WithTestScheme, SignInOn);
        await using var open = await StorefrontHost.StartAsync(new MemoryLog());

        using var docs = JsonDocument.Parse(await closed.Client.GetStringAsync("/openapi/v1.json"));
        using var openDocs = JsonDocument.Parse(await open.Client.GetStringAsync("/openapi/v1.json"));

        Assert.Equal("bearer", docs.RootElement.GetProperty("components").GetProperty("securitySchemes").GetProperty("Bearer").GetProperty("scheme").GetString());
        Assert.True(Assert.Single(docs.RootElement.GetProperty("security").EnumerateArray()).TryGetProperty("Bearer", out _));
        Assert.False(openDocs.RootElement.TryGetProperty("security", out _));
    }

    [Theory]
    [InlineData("Authentication:Authority", "--Authentication:Authority=http://login.example", "--Authentication:Audience=shop")]
    [InlineData("Authentication:Authority", "--Authentication:Authority=ftp://127.0.0.1", "--Authentication:Audience=shop")]
    [InlineData("Authentication:Authority", "--Authentication:Authority=login.example", "--Authentication:Audience=shop")]
    [InlineData("Authentication:Audience", "--Authentication:Authority=https://login.example")]
    [InlineData("Authentication:Audience", "--Authentication:Audience=shop")]
    public async Task An_invalid_sign_in_setting_stops_the_start_and_is_named(string key, params string[] settings)
    {
        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => StorefrontHost.StartAsync(new MemoryLog(), WithTestScheme, settings));

        Assert.Contains(key, refusal.Message);
    }

    [Theory]
    [InlineData("http://127.0.0.1:8085", false)]
    [InlineData("http://localhost:8085", false)]
    [InlineData("https://login.example", true)]
    public void Only_an_issuer_on_this_machine_is_asked_without_encryption(string authority, bool https) =>
        Assert.Equal(https, new SignInOptions { Authority = authority, Audience = "shop" }.RequiresHttps);

    [Fact]
    public async Task A_host_without_sign_in_does_not_start_with_sign_in_configured()
    {
        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => StorefrontHost.StartAsync(new MemoryLog(), null, SignInOn));

        Assert.Contains("Authentication:Authority", refusal.Message);
    }

    internal static void WithTestScheme(WebApplicationBuilder builder)
    {
        builder.Configuration["services:management-api:http:0"] = StandaloneProcess.FreeAddress().ToString();
        builder.Services.AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, SubjectIsToken>("test", null);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, HttpRequestMessage request, string? token)
    {
        request.Headers.Authorization = token is null ? null : new("Bearer", token);
        using var reply = await client.SendAsync(request);
        return reply.StatusCode;
    }

    private sealed class SubjectIsToken(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            var token = Request.Headers.Authorization.ToString() is ['B', 'e', 'a', 'r', 'e', 'r', ' ', .. var subject] ? subject : null;
            return Task.FromResult(token is null
                ? AuthenticateResult.NoResult()
                : AuthenticateResult.Success(new(new(new ClaimsIdentity([new("sub", token)], Scheme.Name)), Scheme.Name)));
        }
    }
}
