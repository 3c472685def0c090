namespace ShoppingSystem.Kafka;

/// <summary>A partition, from the time it is assigned to this reader until it is revoked. Assigned again, it is another one of these.</summary>
/// <param name="partition">Its number.</param>
/// <param name="committed">The offset that it is read from; null when nothing is committed: then it is read from its start.</param>
/// <param name="formerWatermark">The end of the partition as the client has known it from an earlier assignment, if ever.</param>
/// <param name="former">How far this process had come with it when it was assigned before; null when it was not.</param>
internal sealed class AssignedPartition(int partition, long? committed, long formerWatermark, Reached? former)
{
    private readonly Queue<(long Offset, DateTimeOffset At)> _open = new();

    public int Number => partition;

    /// <summary>True when it is about to go: what was read ahead is not handed out any more.</summary>
    public bool IsLeaving { get; set; }

    /// <summary>True when it is gone: nothing is committed any more.</summary>
    public bool IsGone { get; set; }

    /// <summary>True while nothing is fetched because the reader takes nothing.</summary>
    public bool IsPaused { get; set; }

    public long FormerWatermark => formerWatermark;

    public Reached? Former => former;

    public bool StartIsCommitted => committed is not null;

    /// <summary>The offset that whoever comes next starts from.</summary>
    public long Committed { get; set; } = committed ?? 0;

    /// <summary>When the first event that has come and is not dealt with was appended; null when there is none, or its time is none.</summary>
    public DateTimeOffset? OldestAt => _open.TryPeek(out var first) && first.At > DateTimeOffset.UnixEpoch ? first.At : null;

    /// <summary>The offset that is to come next.</summary>
    public long Next { get; set; } = committed ?? 0;

    /// <summary>The offset after the last event that the reader was given; 0 when it was given none.</summary>
    public long HandedOut { get; set; }

    /// <summary>The furthest end of the partition that has been heard of.</summary>
    public long End { get; set; } = Math.Max(committed ?? 0, former?.End ?? 0);

    /// <summary>When it was last found that it can't be fetched; 0 when it can.</summary>
    public long FailedAt { get; set; }

    /// <summary>True once an event has come, or the message that there is none.</summary>
    public bool IsFetched { get; set; }

    /// <summary>Notes an event that has come, for <see cref="OldestAt"/>.</summary>
    public void Arrived(long offset, DateTimeOffset at) => _open.Enqueue((offset, at));

    /// <summary>Notes that all events before <paramref name="end"/> are dealt with. Not that it is committed: that can fail for long, and none waits for it.</summary>
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
/// <param name="End">The furthest end that had been heard of.</param>
internal sealed record Reached(long Next, long End);
