using System.Diagnostics;
using System.Globalization;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>
/// The span of a batch that is recorded, as OpenTelemetry's messaging conventions have it: linked to whoever appended its
/// events. A batch of one event continues that event's trace. One of several is a trace of its own, because it belongs to
/// none of theirs more than to the others.
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

    /// <summary>What came of the batch.</summary>
    public static void Note(RecordResult result, int deadLettered)
    {
        if (Activity.Current is { Recorded: true } span)
        {
            span.SetTag("shopping.purchases.recorded", result.Recorded)
                .SetTag("shopping.purchases.duplicate", result.Duplicates)
                .SetTag("shopping.purchases.dead_lettered", deadLettered);
        }
    }

    // A trace of its own is sampled when one of the traces that it is linked to is: else few would be followed to their end.
    // Samplers look at the parent only, so it gets one that says so and has no span.
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
