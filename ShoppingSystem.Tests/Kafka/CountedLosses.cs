using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>What the counter <c>shopping.feed.lost</c> counts, of a host: partition and number of events.</summary>
internal sealed class CountedLosses : IReadOnlyCollection<(string? Partition, long Events)>, IDisposable
{
    private readonly ConcurrentQueue<(string? Partition, long Events)> _counted = new();
    private readonly MeterListener _listener = new();

    public CountedLosses(KafkaHost host)
    {
        _listener.SetMeasurementEventCallback<long>((_, events, tags, _) =>
        {
            // A host that starts counts 0.
            if (events > 0)
            {
                _counted.Enqueue((tags.ToArray().ToDictionary()["messaging.destination.partition.id"] as string, events));
            }
        });
        _listener.EnableMeasurementEvents(host.Signals.FeedLost);
        _listener.Start();
    }

    public int Count => _counted.Count;

    public IEnumerator<(string? Partition, long Events)> GetEnumerator() => _counted.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose() => _listener.Dispose();
}
