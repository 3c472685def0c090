using System.Numerics;

namespace ShoppingSystem.LoadTest;

/// <summary>
/// Counts durations in buckets that grow with the value: up to 51.1 µs one bucket per 100 ns, above that 256 buckets
/// for every doubling. A reported duration is never less than the recorded one, and at most 1/256 (0.4 %) more. Recording
/// takes a few instructions and allocates no memory; a histogram takes 58 KiB however much it counts.
/// </summary>
/// <remarks>Not thread-safe: every worker has its own, and <see cref="Add"/> adds them up.</remarks>
public sealed class LatencyHistogram
{
    private const int PrecisionBits = 8;
    private const int LargestExponent = 35;
    private const long ExactBelow = 2L << PrecisionBits;

    private readonly long[] _counts = new long[IndexOf(Longest.Ticks) + 1];

    /// <summary>The longest duration that is distinguished, just under two hours; longer ones count as this one.</summary>
    public static TimeSpan Longest { get; } = TimeSpan.FromTicks((2L << LargestExponent) - 1);

    /// <summary>How many durations were recorded.</summary>
    public long Count { get; private set; }

    /// <summary>The longest duration recorded, exact; zero when there is none.</summary>
    public TimeSpan Max { get; private set; }

    /// <summary>The sum of what was recorded, exact.</summary>
    public TimeSpan Total { get; private set; }

    /// <summary>The mean of what was recorded, exact; zero when there is none.</summary>
    public TimeSpan Mean => Count is 0 ? TimeSpan.Zero : Total / Count;

    /// <summary>Counts one duration; a negative one counts as zero.</summary>
    public void Record(TimeSpan duration)
    {
        var ticks = Math.Clamp(duration.Ticks, 0, Longest.Ticks);
        _counts[IndexOf(ticks)]++;
        Count++;
        Total += TimeSpan.FromTicks(ticks);
        if (ticks > Max.Ticks)
        {
            Max = TimeSpan.FromTicks(ticks);
        }
    }

    /// <summary>Adds everything <paramref name="other"/> counted.</summary>
    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
        Total += other.Total;
        Max = other.Max > Max ? other.Max : Max;
    }

    /// <summary>What was counted here but not yet in <paramref name="earlier"/>, an older copy of the same histogram.</summary>
    public LatencyHistogram Since(LatencyHistogram earlier)
    {
        var difference = new LatencyHistogram { Count = Count - earlier.Count, Total = Total - earlier.Total };
        for (var i = 0; i < _counts.Length; i++)
        {
            difference._counts[i] = _counts[i] - earlier._counts[i];
            if (difference._counts[i] > 0)
            {
                difference.Max = TimeSpan.FromTicks(Math.Min(HighestOf(i), Max.Ticks));
            }
        }

        return difference;
    }

    /// <summary>
    /// The duration that <paramref name="percent"/> of the recorded ones did not exceed, by nearest rank; zero when there
    /// is none.
    /// </summary>
    /// <param name="percent">Above 0, at most 100.</param>
    public TimeSpan Percentile(double percent) => PercentileAmong(Count, percent) ?? TimeSpan.Zero;

    /// <summary>
    /// The same percentile of <paramref name="total"/> durations of which only the shorter ones were recorded: the others
    /// never ended and count as longer than any. Null when the percentile falls among those.
    /// </summary>
    public TimeSpan? PercentileAmong(long total, double percent)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(total, Count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(percent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, 100);

        // In decimal, because 99.9 % of 1000 is 999 and must not become 1000 by a rounding error.
        var rank = (long)Math.Ceiling((decimal)percent * total / 100m);
        if (rank > Count)
        {
            return null;
        }

        long seen = 0;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank && seen > 0)
            {
                return TimeSpan.FromTicks(Math.Min(HighestOf(i), Max.Ticks));
            }
        }

        return TimeSpan.Zero;
    }

    /// <summary>How many durations were longer than <paramref name="limit"/>, to the precision of its bucket.</summary>
    public long CountAbove(TimeSpan limit)
    {
        long above = 0;
        for (var i = IndexOf(Math.Clamp(limit.Ticks, 0, Longest.Ticks)) + 1; i < _counts.Length; i++)
        {
            above += _counts[i];
        }

        return above;
    }

    private static int IndexOf(long ticks)
    {
        if (ticks < ExactBelow)
        {
            return (int)ticks;
        }

        var shift = BitOperations.Log2((ulong)ticks) - PrecisionBits;
        return (shift << PrecisionBits) + (int)(ticks >> shift);
    }

    private static long HighestOf(int index)
    {
        if (index < ExactBelow)
        {
            return index;
        }

        var shift = (index >> PrecisionBits) - 1;
        var leading = index - (shift << PrecisionBits);
        return ((leading + 1L) << shift) - 1;
    }
}
