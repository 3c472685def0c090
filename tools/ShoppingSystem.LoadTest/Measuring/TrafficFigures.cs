namespace ShoppingSystem.LoadTest;

/// <summary>What became of the purchases of a load, warm-up left out. Every purchase that was due is in exactly one of
/// <see cref="Acknowledged"/>, <see cref="Failed"/>, <see cref="NotSent"/> and <see cref="InFlight"/>, or still waits.</summary>
public sealed class TrafficFigures
{
    /// <summary>How long the load has been measured.</summary>
    public TimeSpan Elapsed { get; internal set; }

    /// <summary>Purchases the server acknowledged.</summary>
    public long Acknowledged { get; internal set; }

    /// <summary>Purchases that failed, for good.</summary>
    public long Failed { get; internal set; }

    /// <summary>Purchases that were due but found no free connection for as long as a reply may take.</summary>
    public long NotSent { get; internal set; }

    /// <summary>Purchases that had to wait for a free connection, because as many as allowed were under way.</summary>
    public long Waited { get; internal set; }

    /// <summary>Attempts to buy, beyond the first of each purchase.</summary>
    public long Retries { get; internal set; }

    /// <summary>Purchases under way.</summary>
    public int InFlight { get; internal set; }

    /// <summary>The most connections that were open at a time.</summary>
    public int Connections { get; internal set; }

    /// <summary>Failed attempts by what went wrong.</summary>
    public SortedDictionary<string, long> Errors { get; } = new(StringComparer.Ordinal);

    /// <summary>From when a purchase was to start until it was acknowledged.</summary>
    public LatencyHistogram Latency { get; } = new();

    /// <summary>From when a purchase was to start until its first byte was sent: what the generator itself adds to the latency.</summary>
    public LatencyHistogram StartDelay { get; } = new();

    /// <summary>Purchases that are decided.</summary>
    public long Decided => Acknowledged + Failed + NotSent;

    /// <summary>Purchases acknowledged per second.</summary>
    public double AcknowledgedPerSecond => Elapsed > TimeSpan.Zero ? Acknowledged / Elapsed.TotalSeconds : 0;

    /// <summary>The latency percentile of all decided purchases, those that failed counting as longer than any; null when it falls among them.</summary>
    public TimeSpan? LatencyOfAll(double percent) => Latency.PercentileAmong(Decided, percent);
}
