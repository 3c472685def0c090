using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Confluent.Kafka;
using ShoppingSystem.Tests.Hosts;
using ShoppingSystem.Tests.Support;
using ShoppingSystem.Tests.Telemetry;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>
/// Traces across Kafka, as the real hosts export them: the web server and the management API have nothing in common but the events.
/// </summary>
public sealed class KafkaTraceTests(ITestOutputHelper output)
{
    private const string WebServer = "ShoppingSystem.WebServer";
    private const string ManagementApi = "ShoppingSystem.ManagementApi";

    // What MongoDB's driver calls the writing of a batch; below it stands the command that it sent.
    private const string Write = "update shopping.purchases";

    [Fact]
    public async Task A_purchase_is_one_trace_through_kafka_to_the_store()
    {
        await using var collector = await Collector.StartAsync();
        await using var cluster = await StartAsync(collector, recorders: 1);
        var click = SpanRecorder.NewTrace();

        await BuyAsync(cluster, click);

        await collector.UntilExportedAsync(click.TraceId, "POST /api/v1/buy", "send purchases", "process purchases", Write, "update");
        var request = collector.Of(click.TraceId, "POST /api/v1/buy");
        Assert.Equal((ActivityKind.Server, click.SpanId.ToHexString(), WebServer), (request.Kind, request.ParentId, request.Resource["service.name"]));
        var send = collector.Of(click.TraceId, "send purchases");
        var (partition, offset) = (send.Attributes["messaging.destination.partition.id"], send.Attributes["messaging.kafka.offset"]);
        send.Is(ActivityKind.Producer, request.SpanId, WebServer,
            ("messaging.system", "kafka"), ("messaging.operation.type", "send"), ("messaging.operation.name", "send"),
            ("messaging.destination.name", "purchases"), ("messaging.destination.partition.id", partition), ("messaging.kafka.offset", offset));
        Assert.Equal(0L, offset);
        var process = collector.Of(click.TraceId, "process purchases");
        process.Is(ActivityKind.Consumer, send.SpanId, ManagementApi,
            ("messaging.system", "kafka"), ("messaging.operation.type", "process"), ("messaging.operation.name", "process"),
            ("messaging.destination.name", "purchases"), ("messaging.consumer.group.name", Brokers.DefaultGroup),
            ("messaging.destination.partition.id", partition), ("messaging.batch.message_count", 1),
            ("shopping.purchases.recorded", 1), ("shopping.purchases.duplicate", 0), ("shopping.purchases.dead_lettered", 0));
        Assert.Equal((send.TraceId, send.SpanId), Assert.Single(process.Links));
        var write = collector.Of(click.TraceId, Write);
        Assert.Equal((ActivityKind.Client, process.SpanId, ManagementApi), (write.Kind, write.ParentId, write.Resource["service.name"]));
        var command = collector.Of(click.TraceId, "update");
        Assert.Equal((ActivityKind.Client, write.SpanId), (command.Kind, command.ParentId));
        Assert.Equal(5, collector.Of(click.TraceId).Count);
    }

    [Fact]
    public async Task A_history_request_is_one_trace_through_both_services_to_the_store()
    {
        await using var collector = await Collector.StartAsync();
        await using var cluster = await StartAsync(collector, recorders: 1);
        using var browser = SpanRecorder.Browser(cluster.Shop.BaseAddress!);
        var look = SpanRecorder.NewTrace();

        using var reply = await browser.SendAsync(SpanRecorder.Request(HttpMethod.Get, "/api/v1/getAllUserBuys/ada", look));

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        await collector.UntilExportedAsync(look.TraceId, "GET /api/v1/getAllUserBuys/{userid}", "GET", "GET /api/v1/purchases/{userid}", "find");
        var asked = collector.Of(look.TraceId, "GET /api/v1/getAllUserBuys/{userid}");
        Assert.Equal((ActivityKind.Server, look.SpanId.ToHexString(), WebServer), (asked.Kind, asked.ParentId, asked.Resource["service.name"]));
        var passedOn = collector.Of(look.TraceId, "GET");
        Assert.Equal((ActivityKind.Client, asked.SpanId, WebServer), (passedOn.Kind, passedOn.ParentId, passedOn.Resource["service.name"]));
        var answered = collector.Of(look.TraceId, "GET /api/v1/purchases/{userid}");
        Assert.Equal((ActivityKind.Server, passedOn.SpanId, ManagementApi), (answered.Kind, answered.ParentId, answered.Resource["service.name"]));
        Assert.All(
            collector.Of(look.TraceId).Except([asked, passedOn, answered]),
            span => Assert.Equal((ActivityKind.Client, ManagementApi), (span.Kind, span.Resource["service.name"])));
    }

    [Fact]
    public async Task Whatever_the_batches_each_purchase_is_linked_from_where_it_was_recorded()
    {
        const int purchases = 40;
        await using var collector = await Collector.StartAsync();
        await using var cluster = await StartAsync(collector, recorders: 0);
        var clicks = Enumerable.Range(0, purchases).Select(_ => SpanRecorder.NewTrace()).ToList();
        foreach (var click in clicks)
        {
            await BuyAsync(cluster, click);
        }

        await cluster.StartRecorderAsync();

        await Eventually.TrueAsync(() => clicks.TrueForAll(click => collector.LinkedTo(click.TraceId).Count > 0), "all are linked");
        var batches = new HashSet<ExportedSpan>();
        foreach (var click in clicks)
        {
            var process = Assert.Single(collector.LinkedTo(click.TraceId));
            batches.Add(process);
            var send = collector.Of(click.TraceId, "send purchases");
            Assert.Single(process.Links, link => link == (send.TraceId, send.SpanId));
            Assert.Equal((long)process.Links.Count, process.Attributes["messaging.batch.message_count"]);
            Assert.Single(collector.Spans, span => span.TraceId == process.TraceId && span.ParentId == process.SpanId && span.Name == Write);
        }

        output.WriteLine($"{purchases} purchases in {batches.Count} batches");
        Assert.Contains(batches, batch => batch.Links.Count > 1);
    }

    [Fact]
    public async Task An_event_names_the_span_that_sent_it()
    {
        await using var collector = await Collector.StartAsync();
        await using var cluster = await StartAsync(collector, recorders: 0);
        var click = SpanRecorder.NewTrace();
        await BuyAsync(cluster, click);
        await collector.UntilExportedAsync(click.TraceId, "send purchases");
        var send = collector.Of(click.TraceId, "send purchases");

        using var consumer = new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig { BootstrapServers = cluster.Brokers.BootstrapServers, GroupId = "test" })
            .SetLogHandler((_, _) => { })
            .Build();
        consumer.Assign(new TopicPartitionOffset(
            cluster.Brokers.Topic, int.Parse((string)send.Attributes["messaging.destination.partition.id"], CultureInfo.InvariantCulture),
            (long)send.Attributes["messaging.kafka.offset"]));
        var sent = consumer.Consume(ChildProcess.Timeout);
        consumer.Close();

        Assert.Equal($"00-{send.TraceId}-{send.SpanId}-01", Encoding.UTF8.GetString(sent.Message.Headers.GetLastBytes("traceparent")));
    }

    [Fact]
    public async Task An_unsampled_purchase_is_traced_nowhere()
    {
        await using var collector = await Collector.StartAsync();
        await using var cluster = await StartAsync(collector, recorders: 1);
        var (unsampled, sampled) = (SpanRecorder.NewTrace(sampled: false), SpanRecorder.NewTrace());

        await BuyAsync(cluster, unsampled);
        await Eventually.TrueAsync(async () => await cluster.Store.CountAsync() == 1, "it is recorded");
        await BuyAsync(cluster, sampled);

        await collector.UntilExportedAsync(sampled.TraceId, "POST /api/v1/buy", "send purchases", "process purchases", Write);
        Assert.Empty(collector.Of(unsampled.TraceId));
        Assert.Empty(collector.LinkedTo(unsampled.TraceId));
    }

    private static Task<ClusterProcesses> StartAsync(Collector collector, int recorders) =>
        ClusterProcesses.StartAsync(recorders, [.. collector.Environment.Select(variable => (variable.Key, variable.Value))]);

    private static async Task BuyAsync(ClusterProcesses cluster, ActivityContext click)
    {
        using var browser = SpanRecorder.Browser(cluster.Shop.BaseAddress!);
        using var reply = await browser.SendAsync(SpanRecorder.Request(
            HttpMethod.Post, "/api/v1/buy", click, """{"username":"Ada","userid":"ada","price":12.50}"""));
        Assert.Equal(HttpStatusCode.Accepted, reply.StatusCode);
    }
}
