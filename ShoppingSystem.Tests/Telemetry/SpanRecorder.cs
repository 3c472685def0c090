using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Trace;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Telemetry;

/// <summary>
/// What the hosts of this process would export, in memory. Make it before the hosts, in a test of the collection
/// <see cref="SpanTests"/>.
/// </summary>
internal sealed class SpanRecorder : IDisposable
{
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly TracerProvider _provider;

    public SpanRecorder(Sampler? sampler = null)
    {
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);
        var builder = Sdk.CreateTracerProviderBuilder().AddShop().AddSource("MongoDB.Driver").AddProcessor(new SimpleActivityExportProcessor(new Exporter(_spans)));
        if (sampler is not null)
        {
            builder.SetSampler(sampler);
        }

        _provider = builder.Build();
    }

    /// <summary>A client that adds nothing to what it is told to send, as a browser would not.</summary>
    public static HttpClient Browser(Uri address) => new(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { BaseAddress = address };

    /// <summary>A request that belongs to a trace.</summary>
    public static HttpRequestMessage Request(HttpMethod method, string path, ActivityContext context, string? body = null) => new(method, path)
    {
        Headers = { { "traceparent", TraceParent(context) } },
        Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
    };

    /// <summary>The span of somebody who calls us, in a new trace.</summary>
    public static ActivityContext NewTrace(bool sampled = true) => new(
        ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), sampled ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None);

    public static string TraceParent(ActivityContext context) => $"00-{context.TraceId}-{context.SpanId}-0{(int)context.TraceFlags}";

    public List<Activity> Of(ActivityTraceId trace) => [.. _spans.Where(span => span.TraceId == trace)];

    /// <summary>The spans that are linked to a trace.</summary>
    public List<Activity> LinkedTo(ActivityTraceId trace) => [.. _spans.Where(span => span.Links.Any(link => link.Context.TraceId == trace))];

    /// <summary>Waits until so many spans of a trace have ended; answers with them by name.</summary>
    public async Task<Dictionary<string, Activity>> UntilEndedAsync(ActivityTraceId trace, int spans)
    {
        await Eventually.TrueAsync(() => Of(trace).Count >= spans, $"{spans} spans have ended");
        var ended = Of(trace);
        Assert.True(ended.Count == spans, string.Join(", ", ended.Select(span => span.DisplayName)));
        return ended.ToDictionary(span => span.DisplayName);
    }

    public void Dispose() => _provider.Dispose();

    private sealed class Exporter(ConcurrentQueue<Activity> spans) : BaseExporter<Activity>
    {
        public override ExportResult Export(in Batch<Activity> batch)
        {
            foreach (var span in batch)
            {
                spans.Enqueue(span);
            }

            return ExportResult.Success;
        }
    }
}

/// <summary>They run alone: what one samples is sampled for the whole process.</summary>
[CollectionDefinition(nameof(SpanTests), DisableParallelization = true)]
public sealed class SpanTests;

internal static class SpanAssertions
{
    /// <summary>Checks the kind of a span, its parent, and its tags: these and no others.</summary>
    public static void Is(this Activity span, ActivityKind kind, ActivitySpanId parent, params (string Key, object? Value)[] tags)
    {
        Assert.Equal(kind, span.Kind);
        Assert.Equal(parent, span.ParentSpanId);
        Assert.Equal(
            tags.Select(tag => $"{tag.Key}={tag.Value}").Order(StringComparer.Ordinal),
            span.TagObjects.Select(tag => $"{tag.Key}={tag.Value}").Order(StringComparer.Ordinal));
    }
}
