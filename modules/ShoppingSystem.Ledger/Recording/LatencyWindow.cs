using System.Numerics;

namespace ShoppingSystem.Ledger;

/// <summary>
/// The latencies of the last minute, however many there were: one histogram per second, with buckets whose width is at most
/// 1/64 of their values. A percentile is never below the true value and at most 1.6 % above it. Always uses half a MiB. Not
/// thread-safe.
/// </summary>
internal sealed class LatencyWindow
{
    /// <summary>The length of the window in seconds, including the current second.</summary>
    public const int Seconds = 60;

    private const int Precision = 6; // so many bits of a number of microseconds tell which bucket it falls into
    private const int LargestBits = 36; // 19 hours; what took longer counts as that
    private const long Largest = (1L << LargestBits) - 1;
    private const int Buckets = (LargestBits - Precision + 1) << Precision;

    private readonly long[] _seconds = new long[Seconds];
    private readonly int[] _counts = new int[Seconds * Buckets];

    /// <summary>Adds a <paramref name="latency"/> that was measured at <paramref name="now"/>; a negative one counts as zero.</summary>
    public void Add(DateTimeOffset now, TimeSpan latency)
    {
        var second = now.ToUnixTimeSeconds();
        var row = (int)((ulong)second % Seconds);
        if (_seconds[row] != second)
        {
            _seconds[row] = second;
            Counts(row).Clear();
        }

        Counts(row)[Bucket(Math.Clamp((long)latency.TotalMicroseconds, 0, Largest))]++;
    }

    /// <summary>
    /// For each share (0.99: the time that 99 % did not exceed), the percentile of the minute that ends at
    /// <paramref name="now"/>; nulls when nothing was added in that minute.
    /// </summary>
    public TimeSpan?[] Percentiles(DateTimeOffset now, params ReadOnlySpan<double> shares)
    {
        var last = now.ToUnixTimeSeconds();
        var merged = new long[Buckets];
        var total = 0L;
        for (var row = 0; row < Seconds; row++)
        {
            // Rows of later seconds were written before the clock was set back.
            if (_seconds[row] > last - Seconds && _seconds[row] <= last)
            {
                var counts = Counts(row);
                for (var bucket = 0; bucket < Buckets; bucket++)
                {
                    merged[bucket] += counts[bucket];
                    total += counts[bucket];
                }
            }
        }

        var percentiles = new TimeSpan?[shares.Length];
        for (var i = 0; i < shares.Length && total > 0; i++)
        {
            var bucket = 0;
            for (var rest = (long)Math.Ceiling(shares[i] * total) - merged[0]; rest > 0; rest -= merged[bucket])
            {
                bucket++;
            }

            percentiles[i] = TimeSpan.FromMicroseconds(HighestIn(bucket));
        }

        return percentiles;
    }

    private Span<int> Counts(int row) => _counts.AsSpan(row * Buckets, Buckets);

    // The first 2 * 64 buckets hold one value each. For every further bit of a value, there are 64 buckets of twice the width.
    private static int Bucket(long microseconds)
    {
        var dropped = Math.Max(0, BitOperations.Log2((ulong)microseconds) - Precision);
        return (dropped << Precision) + (int)(microseconds >> dropped);
    }

    private static long HighestIn(int bucket)
    {
        var dropped = Math.Max(0, (bucket >> Precision) - 1);
        return ((bucket - (dropped << Precision) + 1L) << dropped) - 1;
    }
}
