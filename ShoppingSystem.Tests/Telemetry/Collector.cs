using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Telemetry;

/// <summary>
/// Takes in what a process exports by OTLP (HTTP, protobuf) and reads of it what tests ask about. The numbers below are the
/// fields of opentelemetry-proto.
/// </summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ExportedSpan> _spans = new();
    private readonly ConcurrentQueue<ExportedLog> _logs = new();
    private readonly ConcurrentDictionary<string, Message> _metrics = new();

    private Collector(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.Single());

    public IReadOnlyCollection<ExportedSpan> Spans => _spans;

    public IReadOnlyCollection<ExportedLog> Logs => _logs;

    /// <summary>The spans of a trace that have arrived.</summary>
    public List<ExportedSpan> Of(ActivityTraceId trace) => [.. _spans.Where(span => span.TraceId == trace.ToHexString())];

    /// <summary>The only span of this name in a trace.</summary>
    public ExportedSpan Of(ActivityTraceId trace, string name) => Assert.Single(Of(trace), span => span.Name == name);

    /// <summary>The spans that are linked to a trace.</summary>
    public List<ExportedSpan> LinkedTo(ActivityTraceId trace) => [.. _spans.Where(span => span.Links.Exists(link => link.TraceId == trace.ToHexString()))];

    /// <summary>Waits until the spans of these names in a trace have arrived.</summary>
    public async Task UntilExportedAsync(ActivityTraceId trace, params string[] names)
    {
        try
        {
            await Eventually.TrueAsync(() => names.All(name => Of(trace).Exists(span => span.Name == name)), string.Join(", ", names));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}; what has arrived: {string.Join(", ", Of(trace).Select(span => span.Name))}", e);
        }
    }

    /// <summary>The names of all metrics.</summary>
    public ICollection<string> Metrics => _metrics.Keys;

    /// <summary>What a process needs to know to export to here, and often.</summary>
    public Dictionary<string, string> Environment => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Address.ToString(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "100",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "200",
    };

    public static async Task<Collector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var collector = new Collector(builder.Build());
        collector._app.MapPost("/v1/traces", collector.TakeTracesAsync);
        collector._app.MapPost("/v1/logs", collector.TakeLogsAsync);
        collector._app.MapPost("/v1/metrics", collector.TakeMetricsAsync);
        await collector._app.StartAsync();
        return collector;
    }

    /// <summary>The upper bounds of a histogram's buckets.</summary>
    public double[] Bounds(string metric) => [.. _metrics[metric].Messages(9).First().Messages(1).First().Doubles(7)];

    /// <summary>The points of a gauge: the value and its attributes.</summary>
    public IEnumerable<(long Value, Dictionary<string, object> Attributes)> Gauge(string metric) =>
        _metrics[metric].Messages(5).First().Messages(1).Select(point => ((long)point.Number(6), Attributes(point, 7)));

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task TakeTracesAsync(HttpContext context)
    {
        foreach (var resourceSpans in (await ReadAsync(context)).Messages(1))
        {
            var resource = Attributes(resourceSpans.Messages(1).Single(), 1);
            foreach (var span in resourceSpans.Messages(2).SelectMany(scope => scope.Messages(2)))
            {
                _spans.Enqueue(new ExportedSpan(
                    span.Hex(1), span.Hex(2), span.Hex(4), span.Text(5), Kind(span.Number(6)), Attributes(span, 9),
                    [.. span.Messages(13).Select(link => (link.Hex(1), link.Hex(2)))], resource));
            }
        }
    }

    private async Task TakeLogsAsync(HttpContext context)
    {
        foreach (var log in (await ReadAsync(context)).Messages(1).SelectMany(resource => resource.Messages(2)).SelectMany(scope => scope.Messages(2)))
        {
            _logs.Enqueue(new ExportedLog(log.Messages(5).First().Text(1), log.Text(3), log.Hex(9), log.Hex(10), Attributes(log, 6)));
        }
    }

    private async Task TakeMetricsAsync(HttpContext context)
    {
        foreach (var metric in (await ReadAsync(context)).Messages(1).SelectMany(resource => resource.Messages(2)).SelectMany(scope => scope.Messages(2)))
        {
            _metrics[metric.Text(1)] = metric;
        }
    }

    private static ActivityKind Kind(ulong number) => number switch
    {
        2 => ActivityKind.Server,
        3 => ActivityKind.Client,
        4 => ActivityKind.Producer,
        5 => ActivityKind.Consumer,
        _ => ActivityKind.Internal,
    };

    private static async Task<Message> ReadAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        context.Response.ContentType = "application/x-protobuf";
        return new Message(body.ToArray());
    }

    private static Dictionary<string, object> Attributes(Message owner, int field) => owner.Messages(field).ToDictionary(
        pair => pair.Text(1),
        pair => pair.Messages(2).Single() is var value && value.Has(1) ? (object)value.Text(1) : (long)value.Number(3));

    /// <summary>A protobuf message, read field by field.</summary>
    private sealed class Message
    {
        private readonly List<(int Field, ulong Number, ReadOnlyMemory<byte> Bytes)> _fields = [];

        public Message(ReadOnlyMemory<byte> bytes)
        {
            while (!bytes.IsEmpty)
            {
                var key = Varint(ref bytes);
                var (field, number, length) = ((int)(key >> 3), 0UL, 0);
                switch (key & 7)
                {
                    case 0:
                        number = Varint(ref bytes);
                        break;
                    case 1:
                        number = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span);
                        length = 8;
                        break;
                    case 2:
                        length = (int)Varint(ref bytes);
                        break;
                    case 5:
                        number = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span);
                        length = 4;
                        break;
                    case var type:
                        throw new InvalidDataException($"Wire type {type}");
                }

                _fields.Add((field, number, bytes[..length]));
                bytes = bytes[length..];
            }
        }

        public bool Has(int field) => _fields.Exists(known => known.Field == field);

        public ulong Number(int field) => _fields.Find(known => known.Field == field).Number;

        public string Text(int field) => Encoding.UTF8.GetString(Bytes(field).Span);

        public string Hex(int field) => Convert.ToHexStringLower(Bytes(field).Span);

        public IEnumerable<Message> Messages(int field) => _fields.Where(known => known.Field == field).Select(known => new Message(known.Bytes));

        public IEnumerable<double> Doubles(int field)
        {
            // Packed into one field, or one by one.
            foreach (var (_, number, bytes) in _fields.Where(known => known.Field == field))
            {
                for (var at = 0; at < bytes.Length; at += sizeof(double))
                {
                    yield return BinaryPrimitives.ReadDoubleLittleEndian(bytes.Span[at..]);
                }
            }
        }

        private ReadOnlyMemory<byte> Bytes(int field) => _fields.Find(known => known.Field == field).Bytes;

        private static ulong Varint(ref ReadOnlyMemory<byte> bytes)
        {
            var (value, at) = (0UL, 0);
            while (true)
            {
                var next = bytes.Span[at];
                value |= (ulong)(next & 0x7F) << (7 * at++);
                if (next < 0x80)
                {
                    bytes = bytes[at..];
                    return value;
                }
            }
        }
    }
}

internal sealed record ExportedSpan(
    string TraceId, string SpanId, string ParentId, string Name, ActivityKind Kind, Dictionary<string, object> Attributes,
    List<(string TraceId, string SpanId)> Links, Dictionary<string, object> Resource)
{
    /// <summary>Checks the kind of a span, its parent, the service that it is of, and its attributes: these and no others.</summary>
    public void Is(ActivityKind kind, string parentId, string service, params (string Key, object Value)[] attributes)
    {
        Assert.Equal((kind, parentId, service), (Kind, ParentId, Resource["service.name"]));
        Assert.Equal(
            attributes.Select(attribute => $"{attribute.Key}={attribute.Value}").Order(StringComparer.Ordinal),
            Attributes.Select(attribute => $"{attribute.Key}={attribute.Value}").Order(StringComparer.Ordinal));
    }
}

internal sealed record ExportedLog(string Body, string Level, string TraceId, string SpanId, Dictionary<string, object> Attributes);
