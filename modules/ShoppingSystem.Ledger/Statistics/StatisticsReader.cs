using Microsoft.Extensions.Diagnostics.HealthChecks;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>Collects the statistics. Never fails: operators need them most when another part fails.</summary>
internal sealed class StatisticsReader(
    RecorderStatistics statistics, RecorderState state, IPurchaseFeed feed, IPurchaseStore store, IDeadLetters deadLetters,
    HealthCheckService health, TimeProvider time)
{
    private static readonly TimeSpan StoreTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SharedFor = TimeSpan.FromMilliseconds(900);

    private readonly Lock _gate = new();
    private Task<StatisticsReply>? _shared;
    private long _sharedSince;

    /// <summary>The current statistics.</summary>
    public async Task<StatisticsReply> ReadAsync(CancellationToken cancellationToken)
    {
        var snapshot = statistics.Read();
        var recorded = Ask(store.CountAsync, cancellationToken);
        var kept = Ask(deadLetters.CountAsync, cancellationToken);
        var report = await health.CheckHealthAsync(cancellationToken);
        return new StatisticsReply(
            await recorded,
            await kept,
            new ProcessReply(
                Environment.MachineName, snapshot.Started, state.HeldUpBy is { } reason ? new("held up", reason) : new("recording", null),
                snapshot.Recorded, snapshot.Duplicates, state.Loss?.Events ?? 0, snapshot.RecordedLastSecond,
                new LatencyReply(snapshot.P50?.TotalMilliseconds, snapshot.P95?.TotalMilliseconds, snapshot.P99?.TotalMilliseconds),
                [.. snapshot.Latest.Select(PurchaseV1.From)]),
            [.. feed.Lag.Select(partition => new LagReply(partition.Partition, partition.Lag))],
            report.Entries.ToDictionary(entry => entry.Key, entry => Describe(entry.Value)));
    }

    /// <summary>Statistics that are at most a second old, collected once for all viewers.</summary>
    public Task<StatisticsReply> ReadSharedAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_shared is null || time.GetElapsedTime(_sharedSince) > SharedFor)
            {
                _sharedSince = time.GetTimestamp();
                _shared = ReadAsync(CancellationToken.None);
            }

            return _shared.WaitAsync(cancellationToken);
        }
    }

    private static async Task<long?> Ask(Func<CancellationToken, ValueTask<long>> count, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StoreTimeout);
        try
        {
            return await count(timeout.Token);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private static DependencyReply Describe(HealthReportEntry entry) => entry.Status switch
    {
        HealthStatus.Healthy => new("up", null),
        HealthStatus.Degraded => new("degraded", entry.Description ?? entry.Exception?.Message),
        _ => new("down", entry.Description ?? entry.Exception?.Message),
    };
}
