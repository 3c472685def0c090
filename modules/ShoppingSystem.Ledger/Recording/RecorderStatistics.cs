using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>
/// What this process has recorded, for the statistics endpoints and the metrics: counters since it started, the rate of the
/// last whole second, latencies of the last minute, the latest purchases.
/// </summary>
internal sealed class RecorderStatistics(TimeProvider time, Signals signals)
{
    private const int PurchasesKept = 20;

    private readonly DateTimeOffset _started = time.GetUtcNow();
    private readonly Lock _gate = new();
    private readonly LatencyWindow _latencies = new();
    private readonly Queue<Purchase> _latest = new(PurchasesKept);
    private long _recorded;
    private long _duplicates;
    private long _second;
    private long _thisSecond;
    private long _lastSecond;

    /// <param name="batch">The purchases that were passed to the store, including those that it refused.</param>
    /// <param name="result">The store's result.</param>
    /// <param name="deadLettered">How many events became dead letters.</param>
    /// <param name="now">The time of the recording.</param>
    public void Note(IReadOnlyList<Purchase> batch, RecordResult result, int deadLettered, DateTimeOffset now)
    {
        var refused = result.Refused.Select(purchase => purchase.Index).ToHashSet();
        var purchases = refused.Count == 0 ? batch : [.. batch.Where((_, i) => !refused.Contains(i))];
        signals.Recorded.Add(result.Recorded);
        signals.Duplicate.Add(result.Duplicates);
        signals.DeadLettered.Add(deadLettered);
        foreach (var purchase in purchases)
        {
            signals.RecordLatency.Record(Math.Max(0, (now - purchase.Timestamp).TotalSeconds));
        }

        lock (_gate)
        {
            Advance(now);
            _recorded += result.Recorded;
            _duplicates += result.Duplicates;
            _thisSecond += result.Recorded;
            foreach (var purchase in purchases)
            {
                _latencies.Add(now, now - purchase.Timestamp);
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
            var now = time.GetUtcNow();
            Advance(now);
            var latencies = _latencies.Percentiles(now, 0.50, 0.95, 0.99);
            return new Snapshot(_started, _recorded, _duplicates, _lastSecond, latencies[0], latencies[1], latencies[2], [.. _latest.Reverse()]);
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

    /// <summary>
    /// Latencies are from acceptance to record, over the last minute (<see cref="LatencyWindow"/>); null when nothing was
    /// recorded in it.
    /// </summary>
    public sealed record Snapshot(
        DateTimeOffset Started, long Recorded, long Duplicates, long RecordedLastSecond,
        TimeSpan? P50, TimeSpan? P95, TimeSpan? P99, IReadOnlyList<Purchase> Latest);
}
