using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

/// <summary>What the logs must not tell: who bought what, and what opens doors.</summary>
public sealed class SecrecyTests
{
    private const string Key = "s3cret-of-the-management-api";
    private const string WrongKey = "s3cret-that-was-tried";
    private const string Token = "s3cret-of-a-customer";
    private const string IdempotencyKey = "s3cret-of-a-retry";
    private const string Name = "Ada Lovelace";
    private const string Item = "Analytical engine";
    private const string UserId = "ada@example.com";

    [Fact]
    public async Task Neither_names_nor_keys_nor_tokens_are_logged()
    {
        var logs = new Logs();
        await using var shop = await InProcessShop.StartAsync(
            events: [
                Encoding.UTF8.GetBytes($$"""{"username":"{{Name}}","userid":"{{UserId}}","price":"{{Item}}"}"""),
                Encoding.UTF8.GetBytes($$"""{"username":"{{Name}}","userid":"{{UserId}}" {{Item}}"""),
                Encoding.UTF8.GetBytes($$"""{"username":["{{Name}}"],"userid":"{{UserId}}","price":1,"item":"{{Item}}"}"""),
            ],
            logs: logs,
            settings: [
                $"--Management:ApiKey={Key}", "--Logging:LogLevel:Default=Trace", "--Logging:LogLevel:Microsoft.AspNetCore=Trace",
                "--Logging:LogLevel:System.Net.Http.HttpClient=Trace",
            ]);
        shop.Shop.DefaultRequestHeaders.Authorization = new("Bearer", Token);

        await BuyAsync(shop, "12.5", HttpStatusCode.Accepted);
        await BuyAsync(shop, "-1", HttpStatusCode.BadRequest);
        await BuyAsync(shop, "\"much\"", HttpStatusCode.BadRequest);
        await BuyAsync(shop, "1}}", HttpStatusCode.BadRequest);
        await BuyAsync(shop, new string(' ', 17 * 1024), HttpStatusCode.RequestEntityTooLarge);
        await Eventually.TrueAsync(
            async () => (await shop.Shop.GetStringAsync($"/api/v1/getAllUserBuys/{UserId}")).Contains(Item, StringComparison.Ordinal), "it is in the history");
        using (var refused = new HttpRequestMessage(HttpMethod.Get, "/api/v1/dead-letters") { Headers = { { "X-API-Key", WrongKey } } })
        {
            using var reply = await shop.Management.SendAsync(refused);
            Assert.Equal(HttpStatusCode.Unauthorized, reply.StatusCode);
        }

        using (var asked = new HttpRequestMessage(HttpMethod.Get, "/api/v1/dead-letters") { Headers = { { "X-API-Key", Key } } })
        {
            using var reply = await shop.Management.SendAsync(asked);
            Assert.Contains("Ada Lovelace", await DecodedAsync(reply), StringComparison.Ordinal);
        }

        await shop.StopManagementAsync();
        using var away = await shop.Shop.GetAsync($"/api/v1/getAllUserBuys/{UserId}");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, away.StatusCode);

        Assert.Contains(logs, entry => entry is { Level: LogLevel.Warning } && entry.Text.Contains("Dead letter", StringComparison.Ordinal));
        Assert.Contains(logs, entry => entry is { Level: LogLevel.Information, Category: "Microsoft.AspNetCore.Hosting.Diagnostics" });
        Assert.DoesNotContain(logs, entry => ((string[])[Key, WrongKey, Token, IdempotencyKey]).Any((entry.Text + entry.Scopes).Contains));
        Assert.DoesNotContain(logs, entry => entry.Level >= LogLevel.Information && ((string[])[Name, Item]).Any((entry.Text + entry.Scopes).Contains));
        // User ids are in paths, which ASP.NET Core and the HTTP client log at Information; the hosts have these categories at Warning.
        Assert.DoesNotContain(logs, entry =>
            entry.Level >= (entry.Category.StartsWith("ShoppingSystem", StringComparison.Ordinal) ? LogLevel.Debug : LogLevel.Warning)
            && (entry.Text.Contains(UserId, StringComparison.Ordinal) || entry.Text.Contains(Uri.EscapeDataString(UserId), StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Unless_requests_are_logged_a_line_tells_its_trace_and_no_user_id_not_even_by_its_scopes()
    {
        var logs = new Logs();
        await using var shop = await InProcessShop.StartAsync(logs: logs, settings: [
            "--Logging:LogLevel:Default=Information", "--Logging:LogLevel:Microsoft.AspNetCore=Warning",
            "--Logging:LogLevel:System.Net.Http.HttpClient=Warning", "--Logging:Console:FormatterName=json",
        ]);
        await BuyAsync(shop, "12.5", HttpStatusCode.Accepted);
        await shop.StopManagementAsync();

        using var away = await shop.Shop.GetAsync($"/api/v1/getAllUserBuys/{UserId}");

        var line = Assert.Single(logs, entry => entry.Text.Contains("can't be reached", StringComparison.Ordinal));
        Assert.Contains("TraceId", line.Scopes, StringComparison.Ordinal);
        Assert.DoesNotContain(logs, entry => (entry.Text + entry.Scopes).Contains(UserId, StringComparison.Ordinal));
        Assert.DoesNotContain(logs, entry => (entry.Text + entry.Scopes).Contains(Uri.EscapeDataString(UserId), StringComparison.Ordinal));
    }

    private static async Task BuyAsync(InProcessShop shop, string price, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/buy")
        {
            Content = Support.Http.Json($$"""{"username":"{{Name}}","userid":"{{UserId}}","item":"{{Item}}","price":{{price}}}"""),
            Headers = { { "Idempotency-Key", IdempotencyKey } },
        };
        using var reply = await shop.Shop.SendAsync(request);
        Assert.Equal(expected, reply.StatusCode);
    }

    private static async Task<string> DecodedAsync(HttpResponseMessage reply)
    {
        using var letters = System.Text.Json.JsonDocument.Parse(await reply.Content.ReadAsStringAsync());
        return letters.RootElement.ToString() + string.Join(' ', letters.RootElement.EnumerateArray()
            .SelectMany(letter => letter.EnumerateObject())
            .Where(property => property.Value.ValueKind is System.Text.Json.JsonValueKind.String && property.Value.TryGetBytesFromBase64(out _))
            .Select(property => Encoding.UTF8.GetString(property.Value.GetBytesFromBase64())));
    }

    private sealed record Entry(LogLevel Level, string Category, string Text, string Scopes);

    /// <summary>All that is logged, scopes and exceptions included.</summary>
    private sealed class Logs : ConcurrentQueue<Entry>, ILoggerProvider, ISupportExternalScope
    {
        private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();

        public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

        public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

        public void Dispose()
        {
        }

        private string Scopes()
        {
            var scopes = new StringBuilder();
            _scopes.ForEachScope((scope, all) => all.Append(scope).Append(' '), scopes);
            return scopes.ToString();
        }

        private sealed class Logger(Logs logs, string category) : ILogger
        {
            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                logs.Enqueue(new(logLevel, category, $"{formatter(state, exception)} {exception}", logs.Scopes()));

            public bool IsEnabled(LogLevel logLevel) => true;

            public IDisposable? BeginScope<TState>(TState state) where TState : notnull => logs._scopes.Push(state);
        }
    }
}
