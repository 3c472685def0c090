using System.Diagnostics;
using System.Net;
using ShoppingSystem.Tests.Support;
using ShoppingSystem.Tests.Telemetry;
using Xunit.Abstractions;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>Traces across Kafka: the web server and the management API have nothing in common but the events.</summary>
[Collection(nameof(SpanTests))]
public sealed class KafkaTraceTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_purchase_is_one_trace_through_kafka_to_the_store()
    {
        using var spans = new SpanRecorder();
        await using var pipeline = await Pipeline.StartOnMockAsync(output);
        var click = SpanRecorder.NewTrace();

        await BuyAsync(pipeline, click);

        var trace = await spans.UntilEndedAsync(click.TraceId, 4);
        var request = trace["POST /api/v1/buy"];
        Assert.Equal((ActivityKind.Server, click.SpanId), (request.Kind, request.ParentSpanId));
        var send = trace["send purchases"];
        var (partition, offset) = (send.GetTagItem("messaging.destination.partition.id"), send.GetTagItem("messaging.kafka.offset"));
        send.Is(ActivityKind.Producer, request.SpanId,
            ("messaging.system", "kafka"), ("messaging.operation.type", "send"), ("messaging.operation.name", "send"),
            ("messaging.destination.name", "purchases"), ("messaging.destination.partition.id", partition), ("messaging.kafka.offset", offset));
        Assert.Equal(0L, offset);
        var process = trace["process purchases"];
        process.Is(ActivityKind.Consumer, send.SpanId,
            ("messaging.system", "kafka"), ("messaging.operation.type", "process"), ("messaging.operation.name", "process"),
            ("messaging.destination.name", "purchases"), ("messaging.consumer.group.name", Pipeline.Group),
            ("messaging.destination.partition.id", partition), ("messaging.batch.message_count", 1),
            ("shopping.purchases.recorded", 1), ("shopping.purchases.duplicate", 0), ("shopping.purchases.dead_lettered", 0));
        Assert.True(process.HasRemoteParent);
        Assert.Equal(send.SpanId, Assert.Single(process.Links).Context.SpanId);
        Assert.Equal((ActivityKind.Client, process.SpanId), (trace["INSERT purchases"].Kind, trace["INSERT purchases"].ParentSpanId));
    }

    [Fact]
    public async Task Whatever_the_batches_each_purchase_is_linked_from_where_it_was_recorded()
    {
        const int purchases = 40;
        using var spans = new SpanRecorder();
        await using var pipeline = await Pipeline.StartOnMockAsync(output, recorders: 0);
        var clicks = Enumerable.Range(0, purchases).Select(_ => SpanRecorder.NewTrace()).ToList();
        foreach (var click in clicks)
        {
            await BuyAsync(pipeline, click);
        }

        await pipeline.AddRecorderAsync();

        await Eventually.TrueAsync(() => clicks.TrueForAll(click => spans.LinkedTo(click.TraceId).Count > 0), "all are linked");
        var batches = new HashSet<Activity>();
        foreach (var click in clicks)
        {
            var process = Assert.Single(spans.LinkedTo(click.TraceId));
            batches.Add(process);
            var send = Assert.Single(spans.Of(click.TraceId), span => span.DisplayName == "send purchases");
            Assert.Single(process.Links, link => link.Context.SpanId == send.SpanId);
            Assert.Equal(process.Links.Count(), process.GetTagItem("messaging.batch.message_count"));
            Assert.Single(spans.Of(process.TraceId), span => span.DisplayName.EndsWith("INSERT purchases", StringComparison.Ordinal) && span.ParentSpanId == process.SpanId);
        }

        output.WriteLine($"{purchases} purchases in {batches.Count} batches");
        Assert.Contains(batches, batch => batch.Links.Count() > 1);
    }

    [Fact]
    public async Task An_event_names_the_span_that_sent_it()
    {
        using var spans = new SpanRecorder();
        using var brokers = Brokers.New();
        await using var host = await KafkaHost.StartAsync(brokers);
        using var request = new Activity("request") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.SetIdFormat(ActivityIdFormat.W3C).Start();

        await host.Log.AppendAsync(Some.Purchase());

        var send = Assert.Single(spans.Of(request.TraceId));
        Assert.Equal(request.SpanId, send.ParentSpanId);
        await foreach (var batch in host.Feed.ReadAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token))
        {
            Assert.Equal(send.Id, Assert.Single(batch.Events).TraceParent);
            break;
        }
    }

    [Fact]
    public async Task What_is_not_sampled_is_traced_nowhere()
    {
        using var spans = new SpanRecorder();
        await using var pipeline = await Pipeline.StartOnMockAsync(output);
        var (unsampled, sampled) = (SpanRecorder.NewTrace(sampled: false), SpanRecorder.NewTrace());

        await BuyAsync(pipeline, unsampled);
        await Eventually.TrueAsync(() => pipeline.Recorded == 1, "it is recorded");
        await BuyAsync(pipeline, sampled);

        await spans.UntilEndedAsync(sampled.TraceId, 4);
        Assert.Empty(spans.Of(unsampled.TraceId));
        Assert.Empty(spans.LinkedTo(unsampled.TraceId));
    }

    private static async Task BuyAsync(Pipeline pipeline, ActivityContext click)
    {
        using var browser = SpanRecorder.Browser(pipeline.Storefront);
        using var reply = await browser.SendAsync(SpanRecorder.Request(
            HttpMethod.Post, "/api/v1/buy", click, """{"username":"Ada","userid":"ada","price":12.50}"""));
        Assert.Equal(HttpStatusCode.Accepted, reply.StatusCode);
    }
}
