using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.Hosting;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>
/// The gauges <c>shopping.feed.lag</c> and <c>shopping.feed.oldest_age</c>, for each partition that this process reads: how
/// many events it is behind, and how long the oldest event that is not recorded yet has waited.
/// </summary>
internal sealed class FeedGauges(IPurchaseFeed feed, TimeProvider time, IMeterFactory meters, Signals signals) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var meter = meters.Create(Signals.Name);
        meter.CreateObservableGauge("shopping.feed.lag", ObserveLag, "{event}", "Events appended but not yet committed.");
        meter.CreateObservableGauge("shopping.feed.oldest_age", ObserveAge, "s", "Age of the oldest event that is not recorded; 0 when none waits.");
        // A counter that first appears with the value 1 shows no increase, so its rate would miss the first event. It starts at 0.
        signals.Recorded.Add(0);
        signals.Duplicate.Add(0);
        signals.DeadLettered.Add(0);
        signals.FeedLost.Add(0);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private IEnumerable<Measurement<long>> ObserveLag() => feed.Lag.Select(partition => new Measurement<long>(partition.Lag, Tag(partition)));

    private IEnumerable<Measurement<double>> ObserveAge()
    {
        var now = time.GetUtcNow();
        foreach (var partition in feed.Lag)
        {
            if (partition.Lag == 0)
            {
                yield return new Measurement<double>(0, Tag(partition));
            }
            else if (partition.OldestAt is { } oldest)
            {
                // Not below 0: the log's clock may be ahead.
                yield return new Measurement<double>(Math.Max(0, (now - oldest).TotalSeconds), Tag(partition));
            }
        }
    }

    private static KeyValuePair<string, object?> Tag(PartitionLag partition) =>
        new("messaging.destination.partition.id", partition.Partition.ToString(CultureInfo.InvariantCulture));
}
