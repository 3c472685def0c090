using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>
/// What this process has recorded, for the statistics endpoints and the metrics: counters since it started, the rate of the
/// last whole second, latencies and purchases of the last few.
/// </summary>
internal sealed class RecorderStatistics(TimeProvider time)
{
    private const int LatenciesKept = 8192;
    private const int LatencySeconds = 10;
    private const int PurchasesKept = 20;

    private readonly DateTimeOffset _started = time.GetUtcNow();
    private readonly Lock _gate = new();
    private readonly (long Second, double Milliseconds)[] _latencies = new (long, double)[LatenciesKept];
    private readonly Queue<Purchase> _latest = new(PurchasesKept);
    private long _latencyCount;
    private long _recorded;
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
            Advance(now);
            _recorded += result.Recorded;
            _duplicates += result.Duplicates;
            _thisSecond += result.Recorded;
            foreach (var purchase in purchases)
            {
                var latency = Math.Max(0, (now - purchase.Timestamp).TotalMilliseconds);
                _latencies[_latencyCount++ % LatenciesKept] = (_second, latency);
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
            double[] latencies =
            [
                .. _latencies.Take((int)Math.Min(_latencyCount, LatenciesKept))
                    .Where(sample => sample.Second > _second - LatencySeconds)
                    .Select(sample => sample.Milliseconds)
                    .Order(),
            ];
            return new Snapshot(
                _started, _recorded, _duplicates, _lastSecond,
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

    /// <summary>
    /// Latencies in milliseconds from acceptance to record, of the last 10 seconds (at most 8,192 events); null when there
    /// were none.
    /// </summary>
    public sealed record Snapshot(
        DateTimeOffset Started, long Recorded, long Duplicates, long RecordedLastSecond,
        double? P50, double? P95, double? P99, IReadOnlyList<Purchase> Latest);
}
