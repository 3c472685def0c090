using System.Diagnostics;
using System.Threading.Channels;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>
/// Events that were fetched and not taken yet: a channel that holds one batch, and a queue for what the consumer has fetched since the
/// channel was full. The consumer's thread fills it, the reader empties it.
/// </summary>
internal sealed class FeedBuffer(int batchSize, OffsetCommitter committer, AutoResetEvent signal)
{
    private readonly Channel<Arrival> _arrived = Channel.CreateBounded<Arrival>(new BoundedChannelOptions(batchSize) { SingleReader = true, SingleWriter = true });
    private readonly Lock _handingOut = new();

    // Used by the consumer's thread only.
    private readonly Queue<Arrival> _waiting = new();
    private long _waitingSince;

    /// <summary>Whether the channel has no room for all fetched events. First moves as many as fit into the channel.</summary>
    public bool IsFull
    {
        get
        {
            while (_waiting.TryPeek(out var next) && (next.Partition.IsLeaving || _arrived.Writer.TryWrite(next)))
            {
                _waiting.Dequeue();
            }

            return _waiting.Count > 0;
        }
    }

    /// <summary>For how long it has been full.</summary>
    public TimeSpan FullFor => Stopwatch.GetElapsedTime(_waitingSince);

    public void Add(AssignedPartition partition, FeedEvent arrived)
    {
        var arrival = new Arrival(partition, arrived);
        if (_waiting.Count == 0)
        {
            if (_arrived.Writer.TryWrite(arrival))
            {
                return;
            }

            _waitingSince = Stopwatch.GetTimestamp();
        }

        _waiting.Enqueue(arrival);
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
