using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ShoppingSystem.MockKafka;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Hosts;

/// <summary>The web server with sign-in on: a real issuer's tokens, Kafka's mock cluster, no management API.</summary>
public sealed class SignInTests(SignInTests.Shop shop) : IClassFixture<SignInTests.Shop>
{
    private readonly HttpClient _client = shop.Server.Client;

    public sealed class Shop : IAsyncLifetime
    {
        private MockCluster Kafka { get; } = new();

        internal Issuer Issuer { get; } = new() { Address = Issuer.FreeAddress() };

        internal HostProcess Server { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Kafka.CreateTopic("purchases", 12);
            await Issuer.StartAsync();
            Server = await StartAsync(Issuer);
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            await Issuer.DisposeAsync();
            Kafka.Dispose();
        }

        internal Task<HostProcess> StartAsync(Issuer issuer) => HostProcess.StartAsync(HostProgram.WebServer,
            ("ConnectionStrings__kafka", Kafka.BootstrapServers),
            ("services__management-api__http__0", Issuer.FreeAddress().ToString()),
            // A busy machine is no reason to refuse a purchase here.
            ("Shopping__AppendDeadline", "00:01:00"),
            ("Logging__LogLevel__Microsoft.AspNetCore", "Information"),
            ("Logging__LogLevel__ShoppingSystem", "Debug"),
            ("Authentication__Authority", issuer.Address.ToString()),
            ("Authentication__Audience", Issuer.Audience));
    }

    public static TheoryData<string> Routes =>
    [
        "/api/v1/buy", "/api/buy", "/api/v1/getAllUserBuys/ada", "/api/user/ada/purchases", "/api/getAllUserBuys/ada", "/api/v1/users/ada/summary",
    ];

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task A_customer_who_has_not_signed_in_is_told_to_sign_in(string path)
    {
        using var reply = await SendAsync(path, "ada", null);

        await IsRefusedAsync(reply, HttpStatusCode.Unauthorized);
        Assert.Equal("Bearer", reply.Headers.WwwAuthenticate.ToString());
        Assert.Equal("nosniff", Assert.Single(reply.Headers.GetValues("X-Content-Type-Options")));
    }

    [Fact]
    public async Task Customers_buy_and_read_as_themselves()
    {
        using var bought = await SendAsync("/api/v1/buy", "ada", shop.Issuer.Token("ada"));
        using var classic = await SendAsync("/api/buy", "ada", shop.Issuer.Token("ada"));
        using var history = await SendAsync("/api/v1/getAllUserBuys/ada", "ada", shop.Issuer.Token("ada"));

        Assert.Equal(HttpStatusCode.Accepted, bought.StatusCode);
        Assert.Equal("ada", (string)(await bought.Content.ReadFromJsonAsync<JsonObject>())!["data"]!["userid"]!);
        Assert.Equal(HttpStatusCode.OK, classic.StatusCode);
        // Let in; and there is no management API to answer.
        await IsRefusedAsync(history, HttpStatusCode.ServiceUnavailable);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task A_customer_can_not_buy_or_read_as_another_customer(string path)
    {
        using var reply = await SendAsync(path, "ada", shop.Issuer.Token("eve"));

        await IsRefusedAsync(reply, HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("expired")]
    [InlineData("not valid yet")]
    [InlineData("for another audience")]
    [InlineData("by another issuer")]
    [InlineData("without a signature")]
    [InlineData("without a signature, which it claims to have")]
    [InlineData("signed with another key")]
    [InlineData("signed with the public key as a password")]
    [InlineData("altered")]
    [InlineData("no token")]
    public async Task An_invalid_token_is_refused(string what)
    {
        foreach (var path in (string[])["/api/v1/buy", "/api/v1/getAllUserBuys/ada"])
        {
            using var reply = await SendAsync(path, "ada", shop.Issuer.WrongToken("ada", what));

            await IsRefusedAsync(reply, HttpStatusCode.Unauthorized);
            Assert.StartsWith("Bearer error=\"invalid_token\"", reply.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task While_the_issuer_is_away_customers_are_told_to_come_back_and_when_it_is_back_they_are_let_in()
    {
        await using var issuer = new Issuer { Address = Issuer.FreeAddress() };
        await using var server = await shop.StartAsync(issuer);

        using var away = await SendAsync("/api/v1/buy", "ada", issuer.Token("ada"), server.Client);
        await IsRefusedAsync(away, HttpStatusCode.ServiceUnavailable);
        Assert.NotNull(away.Headers.RetryAfter?.Delta);
        Assert.Contains("Authentication:Authority", server.Output);

        await issuer.StartAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                using var back = await SendAsync("/api/v1/buy", "ada", issuer.Token("ada"), server.Client);
                return back.StatusCode is HttpStatusCode.Accepted;
            },
            TimeSpan.FromMinutes(2), "it sells again");
    }

    [Fact]
    public async Task What_needs_no_customer_stays_open_and_the_docs_say_that_a_token_is_needed()
    {
        foreach (var path in (string[])["/", "/docs", "/-/healthy"])
        {
            using var reply = await _client.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        }

        var docs = (await _client.GetFromJsonAsync<JsonObject>("/openapi/v1.json"))!;
        Assert.Equal("bearer", (string)docs["components"]!["securitySchemes"]!["Bearer"]!["scheme"]!);
        Assert.NotNull(docs["security"]![0]!["Bearer"]);
    }

    [Fact]
    public async Task Neither_tokens_nor_names_are_logged()
    {
        var token = shop.Issuer.Token("ada");
        using var bought = await SendAsync("/api/v1/buy", "ada", token);
        using var foreign = await SendAsync("/api/v1/buy", "eve", token);
        var expired = shop.Issuer.WrongToken("ada", "expired");
        using var refused = await SendAsync("/api/v1/buy", "ada", expired);

        await Eventually.TrueAsync(() => shop.Server.Output.Contains("was not authenticated", StringComparison.Ordinal), "the refusal is logged");
        Assert.DoesNotContain("Ada Lovelace", shop.Server.Output);
        Assert.DoesNotContain("Analytical engine", shop.Server.Output);
        Assert.All([.. token.Split('.')[1..], .. expired.Split('.')[1..]], part => Assert.DoesNotContain(part, shop.Server.Output));
    }

    [Theory]
    [InlineData("http://login.example", "shop", "Authentication:Authority")]
    [InlineData("login.example", "shop", "Authentication:Authority")]
    [InlineData("https://login.example", "", "Authentication:Audience")]
    [InlineData("", "shop", "Authentication:Authority")]
    public async Task An_invalid_sign_in_setting_stops_the_start_and_is_named(string authority, string audience, string key)
    {
        var (exitCode, output) = await HostProcess.RunAsync(HostProgram.WebServer,
            ("Authentication__Authority", authority), ("Authentication__Audience", audience));

        Assert.Equal(1, exitCode);
        Assert.StartsWith(key, Assert.Single(output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    private static async Task IsRefusedAsync(HttpResponseMessage reply, HttpStatusCode status)
    {
        var body = await reply.Content.ReadAsStringAsync();
        Assert.True(reply.StatusCode == status, $"{(int)reply.StatusCode} instead of {(int)status}: {body}");
        Assert.Equal("application/problem+json", reply.Content.Headers.ContentType?.MediaType);
        Assert.Equal((int)status, (int)JsonNode.Parse(body)!["status"]!);
    }

    private async Task<HttpResponseMessage> SendAsync(string path, string userId, string? token, HttpClient? client = null)
    {
        var buys = path.EndsWith("buy", StringComparison.Ordinal);
        using var request = new HttpRequestMessage(buys ? HttpMethod.Post : HttpMethod.Get, path);
        if (buys)
        {
            request.Content = JsonContent.Create(new JsonObject
            {
                ["username"] = "Ada Lovelace",
                [path is "/api/buy" ? "userId" : "userid"] = userId,
                ["price"] = 12.5m,
                ["item"] = "Analytical engine",
            });
        }

        request.Headers.Authorization = token is null ? null : new("Bearer", token);
        return await (client ?? _client).SendAsync(request);
    }
}
