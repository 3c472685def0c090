using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>
/// What this process has recorded, for the statistics endpoint and the metrics: counters since it started, the rate of the
/// last whole second, latencies and purchases of the last few.
/// </summary>
internal sealed class RecorderStatistics(TimeProvider time)
{
    private const int LatenciesKept = 4096;
    private const int PurchasesKept = 20;

    private readonly Lock _gate = new();
    private readonly double[] _latencies = new double[LatenciesKept];
    private readonly Queue<Purchase> _latest = new(PurchasesKept);
    private long _latencyCount;
    private long _duplicates;
    private long _second;
    private long _thisSecond;
    private long _lastSecond;

    public void Note(IReadOnlyList<Purchase> purchases, RecordResult result, int deadLettered, DateTimeOffset now)
    {
        Signals.Recorded.Add(result.Recorded);
        Signals.Duplicate.Add(result.Duplicates);
        Signals.DeadLettered.Add(deadLettered);
        lock (_gate)
        {
            _duplicates += result.Duplicates;
            Advance(now);
            _thisSecond += result.Recorded;
            foreach (var purchase in purchases)
            {
                var latency = Math.Max(0, (now - purchase.Timestamp).TotalMilliseconds);
                _latencies[_latencyCount++ % LatenciesKept] = latency;
                Signals.RecordLatency.Record(latency / 1000);
            }

            for (var i = Math.Max(0, purchases.Count - PurchasesKept); i < purchases.Count; i++)
            {
                if (_latest.Count == PurchasesKept)
                {
                    _latest.Dequeue();
                }

                _latest.Enqueue(purchases[i]);
            }
        }
    }

    public Snapshot Read()
    {
        lock (_gate)
        {
            Advance(time.GetUtcNow());
            var latencies = _latencies.AsSpan(0, (int)Math.Min(_latencyCount, LatenciesKept)).ToArray();
            Array.Sort(latencies);
            return new Snapshot(
                _duplicates, _lastSecond,
                Percentile(latencies, 0.50), Percentile(latencies, 0.95), Percentile(latencies, 0.99),
                [.. _latest.Reverse()]);
        }
    }

    private void Advance(DateTimeOffset now)
    {
        var second = now.ToUnixTimeSeconds();
        if (second != _second)
        {
            _lastSecond = second == _second + 1 ? _thisSecond : 0;
            _thisSecond = 0;
            _second = second;
        }
    }

    private static double? Percentile(double[] sorted, double share) =>
        sorted.Length == 0 ? null : Math.Round(sorted[(int)Math.Ceiling(share * sorted.Length) - 1], 3);

    /// <summary>Latencies in milliseconds from acceptance to record, of the last 4,096 events; null before the first.</summary>
    public sealed record Snapshot(
        long Duplicates, long RecordedLastSecond, double? P50, double? P95, double? P99, IReadOnlyList<Purchase> Latest);
}
