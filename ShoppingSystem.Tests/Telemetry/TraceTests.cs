using System.Diagnostics;
using System.Net;
using ShoppingSystem.Ledger;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Telemetry;

/// <summary>What a trace of the embedded edition is made of, from the browser's request to the file.</summary>
[Collection(nameof(SpanTests))]
public sealed class TraceTests
{
    private const string Purchase = """{"username":"Ada","userid":"ada","price":12.50}""";

    [Fact]
    public async Task A_purchase_is_one_trace_from_the_browser_through_the_log_to_the_store()
    {
        using var spans = new SpanRecorder();
        await using var shop = await InProcessShop.StartAsync();
        using var browser = SpanRecorder.Browser(shop.Shop.BaseAddress!);
        var click = SpanRecorder.NewTrace();

        using var reply = await browser.SendAsync(SpanRecorder.Request(HttpMethod.Post, "/api/v1/buy", click, Purchase));

        Assert.Equal(HttpStatusCode.Accepted, reply.StatusCode);
        var trace = await spans.UntilEndedAsync(click.TraceId, 4);
        var bought = Assert.Single((await shop.Management.ReadPageAsync("/api/v1/purchases/ada")).Ids);
        var request = trace["POST /api/v1/buy"];
        request.Is(ActivityKind.Server, click.SpanId,
        [
            .. HttpTags(browser, "POST", "/api/v1/buy", "/api/v1/buy", 202),
            ("shopping.purchase.id", bought),
        ]);
        Assert.True(request.HasRemoteParent);

        var send = trace["send purchases"];
        send.Is(ActivityKind.Producer, request.SpanId,
            ("messaging.system", "sqlite"), ("messaging.operation.type", "send"), ("messaging.operation.name", "send"),
            ("messaging.destination.name", "purchases"));

        var process = trace["process purchases"];
        process.Is(ActivityKind.Consumer, send.SpanId,
            ("messaging.system", "sqlite"), ("messaging.operation.type", "process"), ("messaging.operation.name", "process"),
            ("messaging.destination.name", "purchases"), ("messaging.destination.partition.id", "0"), ("messaging.batch.message_count", 1),
            ("shopping.purchases.recorded", 1), ("shopping.purchases.duplicate", 0), ("shopping.purchases.dead_lettered", 0));
        Assert.Equal(send.SpanId, Assert.Single(process.Links).Context.SpanId);

        var insert = trace["INSERT purchases"];
        insert.Is(ActivityKind.Client, process.SpanId,
            ("db.system.name", "sqlite"), ("db.namespace", "purchases.db"), ("db.collection.name", "purchases"),
            ("db.operation.name", "INSERT"), ("db.query.text", insert.GetTagItem("db.query.text")));
        Assert.StartsWith("INSERT INTO purchases (", (string?)insert.GetTagItem("db.query.text"), StringComparison.Ordinal);
        Assert.All(trace.Values, span => Assert.Equal(ActivityStatusCode.Unset, span.Status));
    }

    [Fact]
    public async Task A_history_request_is_one_trace_through_both_services_to_the_store()
    {
        using var spans = new SpanRecorder();
        await using var shop = await InProcessShop.StartAsync();
        using var browser = SpanRecorder.Browser(shop.Shop.BaseAddress!);
        var look = SpanRecorder.NewTrace();

        using var reply = await browser.SendAsync(SpanRecorder.Request(HttpMethod.Get, "/api/v1/getAllUserBuys/ada?limit=5", look));

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        var trace = await spans.UntilEndedAsync(look.TraceId, 4);
        var asked = trace["GET /api/v1/getAllUserBuys/{userid}"];
        asked.Is(ActivityKind.Server, look.SpanId, HttpTags(browser, "GET", "/api/v1/getAllUserBuys/ada", "/api/v1/getAllUserBuys/{userid}", 200));
        var passedOn = trace["GET"];
        Assert.Equal((ActivityKind.Client, asked.SpanId), (passedOn.Kind, passedOn.ParentSpanId));
        Assert.Equal(200, passedOn.GetTagItem("http.response.status_code"));
        var answered = trace["GET /api/v1/purchases/{userid}"];
        answered.Is(ActivityKind.Server, passedOn.SpanId, HttpTags(shop.Management, "GET", "/api/v1/purchases/ada", "/api/v1/purchases/{userid}", 200));
        var select = trace["SELECT purchases"];
        select.Is(ActivityKind.Client, answered.SpanId,
            ("db.system.name", "sqlite"), ("db.namespace", "purchases.db"), ("db.collection.name", "purchases"),
            ("db.operation.name", "SELECT"), ("db.query.text", select.GetTagItem("db.query.text")));
        Assert.DoesNotContain("ada", (string?)select.GetTagItem("db.query.text"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_and_a_failure_are_distinguished_in_traces()
    {
        using var spans = new SpanRecorder();
        await using var storefront = await StorefrontHost.StartAsync(new FullLog());
        using var browser = SpanRecorder.Browser(storefront.Client.BaseAddress!);
        var (wrong, failed, noRoute) = (SpanRecorder.NewTrace(), SpanRecorder.NewTrace(), SpanRecorder.NewTrace());

        using var badRequest = await browser.SendAsync(SpanRecorder.Request(HttpMethod.Post, "/api/v1/buy", wrong, "{}"));
        using var unavailable = await browser.SendAsync(SpanRecorder.Request(HttpMethod.Post, "/api/v1/buy", failed, Purchase));
        using var notFound = await browser.SendAsync(SpanRecorder.Request(new HttpMethod("BREW"), "/coffee", noRoute));

        var refusal = Assert.Single(await spans.UntilEndedAsync(wrong.TraceId, 1)).Value;
        Assert.Equal((400, ActivityStatusCode.Unset), (refusal.GetTagItem("http.response.status_code"), refusal.Status));
        Assert.Null(refusal.GetTagItem("error.type"));
        var failure = Assert.Single(await spans.UntilEndedAsync(failed.TraceId, 1)).Value;
        Assert.Equal((503, ActivityStatusCode.Error), (failure.GetTagItem("http.response.status_code"), failure.Status));
        Assert.Equal("503", failure.GetTagItem("error.type"));
        var unknown = Assert.Single(await spans.UntilEndedAsync(noRoute.TraceId, 1)).Value;
        Assert.Equal(("HTTP", 404), (unknown.DisplayName, unknown.GetTagItem("http.response.status_code")));
        Assert.Null(unknown.GetTagItem("http.route"));
    }

    [Theory]
    [InlineData("shop", "/alive")]
    [InlineData("shop", "/-/healthy")]
    [InlineData("shop", "/-/serving")]
    [InlineData("shop", "/-/ready")]
    [InlineData("shop", "/health")]
    [InlineData("shop", "/")]
    [InlineData("shop", "/shop/shop.js")]
    [InlineData("management", "/health")]
    [InlineData("management", "/api/v1/stats/stream")]
    public async Task Probes_the_live_stream_and_files_stay_out_of_traces_with_all_that_they_call(string service, string path)
    {
        using var spans = new SpanRecorder(new OpenTelemetry.Trace.AlwaysOnSampler());
        await using var shop = await InProcessShop.StartAsync();
        using var browser = SpanRecorder.Browser(shop[service].BaseAddress!);
        var (probe, look) = (SpanRecorder.NewTrace(), SpanRecorder.NewTrace());

        using (var reply = await browser.SendAsync(SpanRecorder.Request(HttpMethod.Get, path, probe), HttpCompletionOption.ResponseHeadersRead))
        {
            Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
            using var body = new StreamReader(await reply.Content.ReadAsStreamAsync());
            await body.ReadLineAsync();
        }

        // Traced, so that something is known to have come after.
        using var stats = await SpanRecorder.Browser(shop.Management.BaseAddress!).SendAsync(SpanRecorder.Request(HttpMethod.Get, "/api/v1/stats", look));
        await Eventually.TrueAsync(() => spans.Of(look.TraceId).Exists(span => span.DisplayName == "GET /api/v1/stats/"), "the statistics are traced");
        Assert.Contains(spans.Of(look.TraceId), span => span.DisplayName == "SELECT totals");
        Assert.Empty(spans.Of(probe.TraceId));
    }

    [Fact]
    public void A_batch_of_several_is_a_trace_of_its_own_linked_to_theirs_and_sampled_when_one_of_them_is()
    {
        using var spans = new SpanRecorder(new OpenTelemetry.Trace.ParentBasedSampler(new OpenTelemetry.Trace.AlwaysOffSampler()));
        var (one, other) = (SpanRecorder.NewTrace(), SpanRecorder.NewTrace());
        FeedEvent[] events = [Event(0, one), Event(1, null), Event(2, other) with { Partition = 7 }];

        using (var process = RecordingSpan.Start(events, [new("messaging.system", "kafka")]))
        {
            Assert.NotNull(process);
            process.Is(ActivityKind.Consumer, default,
                ("messaging.system", "kafka"), ("messaging.operation.type", "process"), ("messaging.operation.name", "process"),
                ("messaging.batch.message_count", 3));
        }

        var recorded = Assert.Single(spans.LinkedTo(one.TraceId));
        Assert.Equal("process orders", recorded.DisplayName);
        Assert.Equal([one.SpanId, other.SpanId], recorded.Links.Select(link => link.Context.SpanId));
        Assert.False(recorded.TraceId == one.TraceId || recorded.TraceId == other.TraceId);

        // The sampler has its way with what nobody traces.
        Assert.False(RecordingSpan.Start([Event(0, null), Event(1, null)], [])?.Recorded ?? false);
    }

    [Fact]
    public async Task Operations_on_many_rows_are_batches_and_failures_say_why()
    {
        using var spans = new SpanRecorder();
        var directory = StandaloneProcess.NewDataDirectory();
        var database = new ShoppingSystem.Sqlite.RecordDatabase(Path.Combine(directory, "purchases.db"));
        var store = new ShoppingSystem.Sqlite.SqlitePurchaseStore(database);
        using var test = new Activity("test").SetIdFormat(ActivityIdFormat.W3C);
        test.ActivityTraceFlags = ActivityTraceFlags.Recorded;
        test.Start();

        await store.RecordAsync(Some.Purchases(3));
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        File.WriteAllText(Path.Combine(directory, "purchases.db"), "no database, and longer than its header would be, for SQLite to see that " + new string('x', 100));
        await Assert.ThrowsAsync<Microsoft.Data.Sqlite.SqliteException>(async () => await store.CountAsync());

        var trace = spans.Of(test.TraceId).ToDictionary(span => span.DisplayName);
        Assert.Equal(["BATCH INSERT purchases", "SELECT totals"], trace.Keys.Order());
        var insert = trace["BATCH INSERT purchases"];
        Assert.Equal("BATCH INSERT", insert.GetTagItem("db.operation.name"));
        Assert.Equal(3, insert.GetTagItem("db.operation.batch.size"));
        var select = trace["SELECT totals"];
        Assert.Equal(ActivityStatusCode.Error, select.Status);
        Assert.Equal("26", select.GetTagItem("db.response.status_code"));
        Assert.Equal("26", select.GetTagItem("error.type"));
        database.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private static FeedEvent Event(long offset, ActivityContext? trace) =>
        new("orders", 3, offset, Some.Noon, ReadOnlyMemory<byte>.Empty, trace is { } context ? SpanRecorder.TraceParent(context) : null);

    private static (string, object?)[] HttpTags(HttpClient client, string method, string path, string route, int status) =>
    [
        ("http.request.method", method), ("http.route", route), ("http.response.status_code", status), ("url.path", path), ("url.scheme", "http"),
        ("server.address", client.BaseAddress!.Host), ("server.port", client.BaseAddress.Port), ("network.protocol.version", "1.1"),
    ];

    private sealed class FullLog : IPurchaseLog
    {
        public ValueTask AppendAsync(Purchase purchase, CancellationToken cancellationToken = default) =>
            ValueTask.FromException(new PurchaseLogUnavailableException("The disk is full."));
    }
}
