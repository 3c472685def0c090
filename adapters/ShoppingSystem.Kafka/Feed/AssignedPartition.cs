using Confluent.Kafka;

namespace ShoppingSystem.Kafka;

/// <summary>A partition, from its assignment to this reader until it is revoked. If it is assigned again, a new instance is made.</summary>
/// <param name="partition">Its number.</param>
/// <param name="committed">The offset that it is read from; null when nothing is committed: then it is read from its start.</param>
/// <param name="formerWatermark">The end of the partition as the client knows it from an earlier assignment, if there was one.</param>
/// <param name="former">How far this process had read it in an earlier assignment; null when there was none.</param>
internal sealed class AssignedPartition(int partition, long? committed, long formerWatermark, Reached? former)
{
    private readonly Queue<(long Offset, DateTimeOffset At)> _open = new();

    public int Number => partition;

    /// <summary>True when it is about to be revoked: events that were read ahead are no longer handed out.</summary>
    public bool IsLeaving { get; set; }

    /// <summary>True when it is revoked: nothing is committed any more.</summary>
    public bool IsGone { get; set; }

    /// <summary>True while fetching is paused because the reader takes no batches.</summary>
    public bool IsPaused { get; set; }

    public long FormerWatermark => formerWatermark;

    public Reached? Former => former;

    public bool StartIsCommitted => committed is not null;

    /// <summary>The offset that the next reader of the partition starts from.</summary>
    public long Committed { get; set; } = committed ?? 0;

    /// <summary>When the oldest event that has arrived and is not done was appended; null without one, or without a valid time.</summary>
    public DateTimeOffset? OldestAt => _open.TryPeek(out var first) && first.At > DateTimeOffset.UnixEpoch ? first.At : null;

    /// <summary>The offset of the next event that is expected.</summary>
    public long Next { get; set; } = committed ?? 0;

    /// <summary>The offset after the last event that the reader was given; 0 when it was given none.</summary>
    public long HandedOut { get; set; }

    /// <summary>The highest end of the partition that is known.</summary>
    public long End { get; set; } = Math.Max(committed ?? 0, former?.End ?? 0);

    /// <summary>When fetching it last failed; 0 when it can be fetched.</summary>
    public long FailedAt { get; set; }

    /// <summary>True once an event has arrived, or the message that there is none.</summary>
    public bool IsFetched { get; set; }

    /// <summary>The latest event that has arrived.</summary>
    public ConsumeResult<string, byte[]>? Latest { get; set; }

    /// <summary>
    /// Whether this is the latest event once more. The client pauses its partitions when a rebalance begins, and reads on after the last event
    /// that the application has: one that it is just handing out is not among them, and is fetched again (librdkafka's
    /// <c>rd_kafka_toppar_pause_resume</c>). Another event at that offset is not meant: that one is of another log.
    /// </summary>
    public bool IsLatest(ConsumeResult<string, byte[]> result) =>
        Latest is { } latest && !result.IsPartitionEOF && result.Offset == latest.Offset
        && result.Message.Timestamp.UnixTimestampMs == latest.Message.Timestamp.UnixTimestampMs
        && result.Message.Value.AsSpan().SequenceEqual(latest.Message.Value);

    /// <summary>Notes an event that has arrived, for <see cref="OldestAt"/>.</summary>
    public void Arrived(long offset, DateTimeOffset at) => _open.Enqueue((offset, at));

    /// <summary>
    /// Notes that all events before <paramref name="end"/> are done. They need not be committed: a commit can fail for a long time, and
    /// nothing waits for it.
    /// </summary>
    public void Done(long end)
    {
        while (_open.TryPeek(out var first) && first.Offset < end)
        {
            _open.Dequeue();
        }
    }
}

/// <summary>How far a partition was read.</summary>
/// <param name="Next">The offset after the last event that the reader was given, or that was committed.</param>
/// <param name="End">The highest end that was known.</param>
internal sealed record Reached(long Next, long End);
