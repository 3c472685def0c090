using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

/// <summary><c>/openapi/v1.json</c> against what the services really do.</summary>
public sealed class ApiDescriptionTests
{
    private const string Purchase = """{"username":"Ada","userid":"ada","price":12.00,"item":"tea"}""";
    private const string BuyV1 = "POST /api/v1/buy";
    private const string BuyClassic = "POST /api/buy";
    private const string Replay = "POST /api/v1/dead-letters/{id}/replay";
    private const string Drop = "DELETE /api/v1/dead-letters/{id}";

    private static readonly string[] Buys = [BuyV1, BuyClassic];

    private static readonly string[] Reads =
    [
        "GET /api/v1/getAllUserBuys/{userid}", "GET /api/user/{userId}/purchases", "GET /api/getAllUserBuys/{userId}", "GET /api/v1/users/{userid}/summary",
    ];

    private static readonly string[] Histories = ["GET /api/v1/purchases/{userid}", "GET /api/purchases", "GET /api/purchases/{userId}"];

    private static readonly string[] Recorded = [.. Histories, "GET /api/v1/users/{userid}/summary"];

    [Fact]
    public async Task The_web_server_answers_as_it_says_and_says_nothing_that_it_does_not_answer()
    {
        await using var shop = await InProcessShop.StartAsync(settings: ["--Proxies:0=127.0.0.0/8", "--Admission:RequestsPerSecond=1", "--Admission:Burst=1"]);
        var description = await ApiDescription.LoadAsync(shop.Shop);
        foreach (var buy in Buys)
        {
            await CheckAsync(description, shop.Shop, buy, Purchase);
            await CheckAsync(description, shop.Shop, buy, Purchase.Replace(",\"item\":\"tea\"", "", StringComparison.Ordinal));
            await CheckAsync(description, shop.Shop, buy, "{}");
            await CheckAsync(description, shop.Shop, buy, new string(' ', 17 * 1024));
            await CheckAsync(description, shop.Shop, buy, Purchase, type: "text/plain");
            Assert.True(await CheckAsync(description, shop.Shop, buy, Purchase, key: "k") is HttpStatusCode.Accepted or HttpStatusCode.OK);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, await CheckAsync(description, shop.Shop, buy, Purchase.Replace("tea", "cake", StringComparison.Ordinal), key: "k"));
            await UntilAsync(description, shop.Shop, buy, HttpStatusCode.TooManyRequests, Purchase);
        }

        await Eventually.TrueAsync(async () => (await shop.Management.ReadAllAsync("/api/v1/purchases/ada")).Count > 1, "there is more than one purchase");
        foreach (var read in Reads)
        {
            await CheckAsync(description, shop.Shop, read, query: "limit=1");
            await CheckAsync(description, shop.Shop, read, userId: "nobody");
            await CheckAsync(description, shop.Shop, read, userId: new string('x', 129));
            await CheckAsync(description, shop.Shop, read, query: $"before={new string('"', 8000)}");
            await UntilAsync(description, shop.Shop, read, HttpStatusCode.TooManyRequests);
        }

        await shop.StopManagementAsync();
        foreach (var read in Reads)
        {
            await CheckAsync(description, shop.Shop, read);
        }

        var log = new MemoryLog(open: false);
        await using var full = await StorefrontHost.StartAsync(log, null, "--Admission:MaxConcurrentRequests=1");
        var letIn = full.Client.PostAsync("/api/v1/buy", Support.Http.Json(Purchase));
        await Eventually.TrueAsync(() => log.Waiting is 1, "there is no room for another");
        foreach (var buy in Buys)
        {
            await CheckAsync(description, full.Client, buy, Purchase);
        }

        log.Open();
        (await letIn).Dispose();
        Assert.Empty(description.Unseen);
    }

    [Fact]
    public async Task The_management_API_answers_as_it_says_and_says_nothing_that_it_does_not_answer()
    {
        await using var shop = await InProcessShop.StartAsync(events: [.. Enumerable.Repeat(Encoding.UTF8.GetBytes(Purchase), 3), "not json"u8.ToArray(), "{}"u8.ToArray(), [0xFF]]);
        await shop.Management.UntilRecordedAsync("ada", 3);
        var letters = new List<Guid>();
        await Eventually.TrueAsync(
            async () =>
            {
                using var json = JsonDocument.Parse(await shop.Management.GetStringAsync("/api/v1/dead-letters"));
                letters = [.. json.RootElement.EnumerateArray().Select(letter => letter.GetProperty("id").GetGuid())];
                return letters.Count is 3;
            },
            "3 dead letters");

        var description = await ApiDescription.LoadAsync(shop.Management);
        foreach (var read in Recorded)
        {
            await CheckAsync(description, shop.Management, read, query: "limit=2");
            await CheckAsync(description, shop.Management, read, userId: "nobody");
            await CheckAsync(description, shop.Management, read, userId: new string('x', 129));
        }

        await CheckAsync(description, shop.Management, "GET /api/v1/stats");
        await CheckStreamAsync(description, shop.Management);
        await CheckAsync(description, shop.Management, "GET /api/v1/dead-letters");
        await CheckAsync(description, shop.Management, "GET /api/v1/dead-letters", query: "limit=2");
        await CheckAsync(description, shop.Management, "GET /api/v1/dead-letters", query: "limit=0");
        await CheckAsync(description, shop.Management, Replay, id: letters[0]);
        await CheckAsync(description, shop.Management, Replay, Purchase, type: "text/plain", id: letters[0]);
        await CheckAsync(description, shop.Management, Replay, new string(' ', 17 * 1024), id: letters[0]);
        await CheckAsync(description, shop.Management, Replay, Purchase, id: letters[0]);
        await CheckAsync(description, shop.Management, Replay, id: letters[0]);
        await CheckAsync(description, shop.Management, Drop, id: letters[1]);
        await CheckAsync(description, shop.Management, Drop, id: letters[1]);

        await using (var other = new SqliteConnection($"Data Source={Path.Combine(shop.DataDirectory, "purchases.db")};Pooling=false;Default Timeout=60"))
        {
            await other.OpenAsync();
            await using var dropping = other.CreateCommand();
            dropping.CommandText = "DROP TABLE purchases; DROP TABLE dead_letters";
            await dropping.ExecuteNonQueryAsync();
        }

        foreach (var read in (string[])[.. Recorded, "GET /api/v1/dead-letters"])
        {
            await CheckAsync(description, shop.Management, read);
        }

        await CheckAsync(description, shop.Management, "GET /api/v1/stats");
        await CheckAsync(description, shop.Management, Replay, id: letters[2]);
        await CheckAsync(description, shop.Management, Drop, id: letters[2]);
        Assert.Empty(description.Unseen);
    }

    [Fact]
    public async Task Refusals_for_a_missing_key_or_token_are_described()
    {
        await using var locked = await InProcessShop.StartAsync(settings: "--Management:ApiKey=s3cret");
        var management = await ApiDescription.LoadAsync(locked.Management);
        foreach (var operation in management.Operations)
        {
            await CheckAsync(management, locked.Management, operation);
        }

        Assert.DoesNotContain(management.Unseen, reply => reply.EndsWith(" 401", StringComparison.Ordinal));

        await using var closed = await StorefrontHost.StartAsync(new MemoryLog(), CustomerTests.WithTestScheme, CustomerTests.SignInOn);
        var shop = await ApiDescription.LoadAsync(closed.Client);
        foreach (var token in (string?[])[null, "Bearer eve"])
        {
            closed.Client.DefaultRequestHeaders.Authorization = token is null ? null : System.Net.Http.Headers.AuthenticationHeaderValue.Parse(token);
            foreach (var operation in shop.Operations)
            {
                await CheckAsync(shop, closed.Client, operation, Purchase);
            }
        }

        Assert.DoesNotContain(shop.Unseen, reply => reply.EndsWith(" 401", StringComparison.Ordinal) || reply.EndsWith(" 403", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"price\":12")]
    [InlineData("\"price\":\"12.00\"")]
    [InlineData("\"price\":null")]
    [InlineData("\"price\":0")]
    [InlineData("\"price\":true")]
    [InlineData("\"price\":1000000000")]
    [InlineData("\"price\":1000000000.1")]
    [InlineData("\"price\":12,\"item\":\"tea\"")]
    [InlineData("\"price\":12,\"item\":null")]
    [InlineData("\"price\":12,\"item\":\"\"")]
    [InlineData("\"price\":12,\"item\":7")]
    [InlineData("\"price\":12,\"username\":null")]
    [InlineData("\"price\":12,\"username\":7")]
    [InlineData("\"price\":12,\"username\":\"\"")]
    [InlineData("\"price\":12,\"username\":\"LONG\"")]
    [InlineData("\"price\":12,\"username\":true")]
    [InlineData("\"price\":12,\"item\":[]")]
    [InlineData("\"price\":12,\"USER\":7")]
    [InlineData("\"price\":12,\"USER\":-1.5e300")]
    [InlineData("\"price\":12,\"USER\":{}")]
    [InlineData("\"price\":12,\"USER\":null")]
    [InlineData("\"price\":12,\"USER\":\"\"")]
    [InlineData("\"price\":12,\"USER\":\"LONG\"")]
    [InlineData("\"price\":12,\"USER\":\"LONG-1\"")]
    public async Task Purchases_are_accepted_exactly_when_the_API_description_allows_them(string fields)
    {
        await using var shop = await StorefrontHost.StartAsync(new MemoryLog());
        var description = await ApiDescription.LoadAsync(shop.Client);
        foreach (var (operation, user) in ((string, string)[])[(BuyV1, "userid"), (BuyClassic, "userId")])
        {
            var said = fields.Replace("USER", user, StringComparison.Ordinal)
                .Replace("LONG-1", string.Concat(Enumerable.Repeat("🛒", 128)), StringComparison.Ordinal)
                .Replace("LONG", new string('x', 129), StringComparison.Ordinal);
            string[] others = [.. ((string[])["username", user]).Where(name => !said.Contains(name, StringComparison.Ordinal)).Select(name => $"\"{name}\":\"ada\"")];
            var body = $"{{{string.Join(',', [.. others, .. said is "" ? Array.Empty<string>() : [said]])}}}";

            using var reply = await shop.Client.PostAsync(operation.Split(' ')[1], Support.Http.Json(body));

            var faults = description.FindFault(operation, body);
            Assert.True(reply.IsSuccessStatusCode == (faults.Count is 0), $"{operation} {body}: {(int)reply.StatusCode}, described: {string.Join("; ", faults)}");
        }
    }

    [Fact]
    public async Task Limits_and_defaults_of_parameters_are_as_described()
    {
        await using var shop = await InProcessShop.StartAsync(events: [.. Enumerable.Repeat(Encoding.UTF8.GetBytes(Purchase), 1001)]);
        await shop.Management.UntilRecordedAsync("ada", 1001);
        foreach (var (client, operations) in ((HttpClient, string[])[])[(shop.Shop, Reads[..3]), (shop.Management, Histories)])
        {
            var description = await ApiDescription.LoadAsync(client);
            foreach (var operation in operations)
            {
                var limit = description.Parameter(operation, "limit")!.Value.GetProperty("schema");
                var (least, most) = (limit.GetProperty("minimum").GetInt32(), limit.GetProperty("maximum").GetInt32());

                Assert.Equal(limit.GetProperty("default").GetInt32(), await CountAsync(client, operation, null));
                Assert.Equal(least, await CountAsync(client, operation, least));
                Assert.Equal(most, await CountAsync(client, operation, most));
                Assert.Null(await CountAsync(client, operation, least - 1));
                Assert.Null(await CountAsync(client, operation, most + 1));
                var user = description.Parameter(operation, "userid") ?? description.Parameter(operation, "userId");
                Assert.True(user!.Value.GetProperty("required").GetBoolean());
                Assert.Equal(128, user.Value.GetProperty("schema").GetProperty("maxLength").GetInt32());
                Assert.NotNull(description.Parameter(operation, "before"));
            }
        }

        var shopDescription = await ApiDescription.LoadAsync(shop.Shop);
        Assert.All(Buys, buy => Assert.Equal(128, shopDescription.Parameter(buy, "Idempotency-Key")!.Value.GetProperty("schema").GetProperty("maxLength").GetInt32()));
    }

    private static async Task<HttpStatusCode> CheckAsync(
        ApiDescription description, HttpClient client, string operation, string? body = null, string type = "application/json",
        string userId = "ada", string query = "", Guid id = default, string? address = null, string? key = null)
    {
        using var request = Request(client, operation, userId, query, id);
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        request.Content = body is null ? null : new StringContent(operation is BuyClassic ? body.Replace("userid", "userId", StringComparison.Ordinal) : body, Encoding.UTF8, type);
        if (address is not null)
        {
            request.Headers.Add("X-Forwarded-For", address);
        }

        using var reply = await client.SendAsync(request);
        await description.CheckAsync(operation, reply);
        return reply.StatusCode;
    }

    private static HttpRequestMessage Request(HttpClient client, string operation, string userId, string query, Guid id)
    {
        var (method, path) = (operation.Split(' ')[0], operation.Split(' ')[1]);
        path = path.Replace("{userid}", userId, StringComparison.OrdinalIgnoreCase).Replace("{id}", $"{id}", StringComparison.Ordinal);
        if (path is "/api/purchases")
        {
            query = $"userId={userId}&{query}";
        }

        // As it stands: on the way to the management API a query may become longer, if this client has not encoded it already.
        var address = new Uri(client.BaseAddress!.GetLeftPart(UriPartial.Authority) + $"{path}?{query}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        return new(new HttpMethod(method), address);
    }

    // One who sends too much, from an address of its own.
    private static async Task UntilAsync(ApiDescription description, HttpClient client, string operation, HttpStatusCode status, string? body = null)
    {
        for (var i = 0; await CheckAsync(description, client, operation, body, address: "10.1.2.3") != status; i++)
        {
            Assert.True(i < 1000, $"{operation} never answered {status}");
        }
    }

    private static async Task<int?> CountAsync(HttpClient client, string operation, int? limit)
    {
        using var request = Request(client, operation, "ada", limit is null ? "" : $"limit={limit}", default);
        using var reply = await client.SendAsync(request);
        if (reply.StatusCode is HttpStatusCode.BadRequest)
        {
            return null;
        }

        using var json = JsonDocument.Parse(await reply.Content.ReadAsStringAsync());
        return json.RootElement.GetArrayLength();
    }

    private static async Task CheckStreamAsync(ApiDescription description, HttpClient client)
    {
        using var reply = await client.GetAsync("/api/v1/stats/stream", HttpCompletionOption.ResponseHeadersRead);
        await description.CheckAsync("GET /api/v1/stats/stream", reply);
        using var lines = new StreamReader(await reply.Content.ReadAsStreamAsync());
        var line = await lines.ReadLineAsync();
        Assert.StartsWith("data: ", line, StringComparison.Ordinal);
        description.CheckBody("StatisticsReply", line!["data: ".Length..]);
    }
}
