using System.Net;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

/// <summary>Sign-in, with a scheme of the tests' own: the bearer token is the subject.</summary>
public sealed class CustomerTests
{
    private static readonly string[] SignInOn = ["--Authentication:Authority=https://login.example", "--Authentication:Audience=shop"];

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
    public async Task A_request_that_names_no_user_is_told_so()
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

    [Fact]
    public async Task A_host_without_sign_in_does_not_start_with_sign_in_configured()
    {
        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => StorefrontHost.StartAsync(new MemoryLog(), null, SignInOn));

        Assert.Contains("Authentication:Authority", refusal.Message);
    }

    private static void WithTestScheme(WebApplicationBuilder builder)
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
