using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ShoppingSystem.Purchases;

/// <summary>The telemetry of the system: one meter and one activity source, both named <c>ShoppingSystem</c>.</summary>
/// <param name="meters">The host's meters.</param>
public sealed class Signals(IMeterFactory meters)
{
    /// <summary>The name of the meter and of the activity source.</summary>
    public const string Name = "ShoppingSystem";

    // From a group commit on a fast disk to the longest deadline. The default buckets of collectors suit milliseconds.
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    };

    /// <summary>The activity source.</summary>
    public static ActivitySource Activities { get; } = new(Name);

    /// <summary>Purchases acknowledged to a buyer.</summary>
    public Counter<long> Accepted { get; } = meters.Create(Name).CreateCounter<long>("shopping.purchases.accepted", "{purchase}", "Purchases acknowledged to a buyer.");

    /// <summary>Purchases that became part of the record.</summary>
    public Counter<long> Recorded { get; } = meters.Create(Name).CreateCounter<long>("shopping.purchases.recorded", "{purchase}", "Purchases that became part of the record.");

    /// <summary>Events whose purchase was recorded already.</summary>
    public Counter<long> Duplicate { get; } = meters.Create(Name).CreateCounter<long>("shopping.purchases.duplicate", "{purchase}", "Events whose purchase was recorded already.");

    /// <summary>Events that could not be recorded.</summary>
    public Counter<long> DeadLettered { get; } = meters.Create(Name).CreateCounter<long>("shopping.purchases.dead_lettered", "{event}", "Events that could not be recorded.");

    /// <summary>
    /// Events that were lost from the log before they were read, as far as is known; at least one for a partition whose end
    /// jumped back.
    /// </summary>
    public Counter<long> FeedLost { get; } = meters.Create(Name).CreateCounter<long>("shopping.feed.lost", "{event}", "Events that left the log before they were read.");

    /// <summary>From the call of append until the log confirmed that the purchase is durable, or failed.</summary>
    public Histogram<double> AppendDuration { get; } = meters.Create(Name).CreateHistogram<double>("shopping.append.duration", "s", "Time until the log said durable.", tags: null, Seconds);

    /// <summary>From acceptance until recorded.</summary>
    public Histogram<double> RecordLatency { get; } = meters.Create(Name).CreateHistogram<double>("shopping.record.latency", "s", "Time from acceptance until recorded.", tags: null, Seconds);
}
