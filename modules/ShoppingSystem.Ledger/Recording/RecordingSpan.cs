using System.Diagnostics;
using System.Globalization;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>
/// The span of a batch that is recorded, following OpenTelemetry's messaging conventions: it has a link to the span that
/// appended each event. A batch of one event continues the trace of that event. A batch of several starts a trace of its own,
/// because none of their traces is more its parent than the others.
/// </summary>
internal static class RecordingSpan
{
    public static Activity? Start(IReadOnlyList<FeedEvent> events, IReadOnlyList<KeyValuePair<string, object?>> tags)
    {
        if (!Signals.Activities.HasListeners())
        {
            return null;
        }

        var links = new List<ActivityLink>(events.Count);
        foreach (var @event in events)
        {
            if (ActivityContext.TryParse(@event.TraceParent, null, isRemote: true, out var context))
            {
                links.Add(new ActivityLink(context));
            }
        }

        return Signals.Activities.StartActivity($"process {events[0].Topic}", ActivityKind.Consumer, Parent(events, links), links: links, tags:
        [
            .. tags,
            new("messaging.operation.type", "process"),
            new("messaging.operation.name", "process"),
            new("messaging.batch.message_count", events.Count),
            .. Partition(events),
        ]);
    }

    /// <summary>Adds the result of the batch to the span.</summary>
    public static void Note(RecordResult result, int deadLettered)
    {
        if (Activity.Current is { Recorded: true } span)
        {
            span.SetTag("shopping.purchases.recorded", result.Recorded)
                .SetTag("shopping.purchases.duplicate", result.Duplicates)
                .SetTag("shopping.purchases.dead_lettered", deadLettered);
        }
    }

    // A trace of its own is sampled when one of the linked traces is; otherwise few purchases could be traced to the end. Samplers
    // look only at the parent, so the span gets a parent context with the sampled flag and without a span id.
    private static ActivityContext Parent(IReadOnlyList<FeedEvent> events, List<ActivityLink> links) => links switch
    {
        [] => default,
        [var only] when events.Count == 1 => only.Context,
        _ when links.Exists(link => link.Context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)) =>
            new ActivityContext(ActivityTraceId.CreateRandom(), default, ActivityTraceFlags.Recorded, isRemote: true),
        _ => default,
    };

    private static KeyValuePair<string, object?>[] Partition(IReadOnlyList<FeedEvent> events) =>
        events.All(@event => @event.Partition == events[0].Partition)
            ? [new("messaging.destination.partition.id", events[0].Partition.ToString(CultureInfo.InvariantCulture))]
            : [];
}
