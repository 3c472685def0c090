namespace ShoppingSystem.LoadTest;

/// <summary>The results of the purchases of a load, without the warm-up. Every purchase that was due is in exactly one of
/// <see cref="Acknowledged"/>, <see cref="Failed"/>, <see cref="NotSent"/> and <see cref="InFlight"/>, or still waits.</summary>
public sealed class TrafficFigures
{
    /// <summary>How long the load has been measured.</summary>
    public TimeSpan Elapsed { get; internal set; }

    /// <summary>Purchases that the server acknowledged.</summary>
    public long Acknowledged { get; internal set; }

    /// <summary>Purchases that failed and are not retried any more.</summary>
    public long Failed { get; internal set; }

    /// <summary>Purchases that were due but found no free connection within the timeout of a reply.</summary>
    public long NotSent { get; internal set; }

    /// <summary>Purchases that had to wait for a free connection, because the allowed number was under way.</summary>
    public long Waited { get; internal set; }

    /// <summary>Attempts to buy, beyond the first of each purchase.</summary>
    public long Retries { get; internal set; }

    /// <summary>Purchases under way.</summary>
    public int InFlight { get; internal set; }

    /// <summary>The most connections that were open at a time.</summary>
    public int Connections { get; internal set; }

    /// <summary>Failed attempts by what went wrong.</summary>
    public SortedDictionary<string, long> Errors { get; } = new(StringComparer.Ordinal);

    /// <summary>From the time when a purchase was to start until it was acknowledged.</summary>
    public LatencyHistogram Latency { get; } = new();

    /// <summary>From the time when a purchase was to start until its first byte was sent: the generator's part of the latency.</summary>
    public LatencyHistogram StartDelay { get; } = new();

    /// <summary>Purchases whose result is known.</summary>
    public long Decided => Acknowledged + Failed + NotSent;

    /// <summary>Purchases acknowledged per second.</summary>
    public double AcknowledgedPerSecond => Elapsed > TimeSpan.Zero ? Acknowledged / Elapsed.TotalSeconds : 0;

    /// <summary>The latency percentile of all decided purchases, those that failed counting as longer than any; null when it falls among them.</summary>
    public TimeSpan? LatencyOfAll(double percent) => Latency.PercentileAmong(Decided, percent);

    /// <summary>Failed attempts by what went wrong, those that are not yet in <paramref name="earlier"/>, older figures of the same load.</summary>
    internal SortedDictionary<string, long> ErrorsSince(TrafficFigures earlier)
    {
        var since = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (error, count) in Errors)
        {
            if (count - earlier.Errors.GetValueOrDefault(error) is > 0 and var more)
            {
                since[error] = more;
            }
        }

        return since;
    }
}
