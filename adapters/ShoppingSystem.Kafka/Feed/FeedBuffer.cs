using System.Diagnostics;
using System.Threading.Channels;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>
/// Events that were fetched and not taken yet. The consumer's thread fills it, the reader empties it. It has no limit of its own: while it is full,
/// the thread polls only with its partitions paused, and so adds at most one event for each assignment.
/// </summary>
internal sealed class FeedBuffer(int batchSize, OffsetCommitter committer, AutoResetEvent signal)
{
    // With a single reader it would not count its events.
    private readonly Channel<Arrival> _arrived = Channel.CreateUnbounded<Arrival>();
    private readonly Lock _handingOut = new();

    // Used by the consumer's thread only.
    private long _fullSince;

    /// <summary>Whether it holds more than one batch.</summary>
    public bool IsFull => _arrived.Reader.Count > batchSize;

    /// <summary>For how long it has been full.</summary>
    public TimeSpan FullFor => Stopwatch.GetElapsedTime(_fullSince);

    public void Add(AssignedPartition partition, FeedEvent arrived)
    {
        if (!IsFull)
        {
            _fullSince = Stopwatch.GetTimestamp();
        }

        _arrived.Writer.TryWrite(new Arrival(partition, arrived));
    }

    /// <summary>From now on no event of these partitions is handed out.</summary>
    public void Withdraw(List<AssignedPartition> partitions)
    {
        lock (_handingOut)
        {
            partitions.ForEach(partition => partition.IsLeaving = true);
        }
    }

    /// <summary>Ends the reading, with <paramref name="failure"/> if it isn't null.</summary>
    public void Complete(Exception? failure) => _arrived.Writer.TryComplete(failure);

    /// <summary>The next batch: all events that have arrived, at least one. Called on the reader's thread.</summary>
    public async ValueTask<KafkaFeedBatch> TakeAsync(CancellationToken cancellationToken)
    {
        while (await _arrived.Reader.WaitToReadAsync(cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (HandOut() is { } batch)
            {
                return batch;
            }
        }

        throw new ObjectDisposedException(nameof(IPurchaseFeed));
    }

    private KafkaFeedBatch? HandOut()
    {
        var events = new List<FeedEvent>(Math.Min(_arrived.Reader.Count, batchSize));
        var ends = new Dictionary<AssignedPartition, long>();
        KafkaFeedBatch? batch = null;
        lock (_handingOut)
        {
            while (events.Count < batchSize && _arrived.Reader.TryRead(out var arrival))
            {
                if (!arrival.Partition.IsLeaving)
                {
                    events.Add(arrival.Event);
                    ends[arrival.Partition] = arrival.Event.Offset + 1;
                }
            }

            foreach (var (partition, end) in ends)
            {
                partition.HandedOut = end;
            }

            if (events.Count > 0)
            {
                committer.Expect(batch = new KafkaFeedBatch(events, ends, committer));
            }
        }

        signal.Set();
        return batch;
    }

    private readonly record struct Arrival(AssignedPartition Partition, FeedEvent Event);
}
