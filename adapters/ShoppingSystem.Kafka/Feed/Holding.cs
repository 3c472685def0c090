namespace ShoppingSystem.Kafka;

/// <summary>A partition, from the time it is assigned to this reader until it goes. Assigned again, it is another holding.</summary>
/// <param name="partition">Its number.</param>
/// <param name="start">The offset that it is read from.</param>
/// <param name="formerEnd">The end of the partition as the client has known it from an earlier holding, if ever.</param>
internal sealed class Holding(int partition, long start, long formerEnd)
{
    public int Partition => partition;

    /// <summary>True when it is about to go: what was read ahead is not handed out any more.</summary>
    public bool Leaving { get; set; }

    /// <summary>True when it is gone: nothing is committed any more.</summary>
    public bool Gone { get; set; }

    /// <summary>True while nothing is fetched because the reader takes nothing.</summary>
    public bool Paused { get; set; }

    public long FormerEnd => formerEnd;

    /// <summary>The offset that whoever comes next starts from.</summary>
    public long Committed { get; set; } = start;

    /// <summary>The offset that is to come next.</summary>
    public long Next { get; set; } = start;

    /// <summary>The furthest end of the partition that has been heard of.</summary>
    public long End { get; set; } = start;

    /// <summary>When it was last found that it can't be fetched; 0 when it can.</summary>
    public long FailedAt { get; set; }

    /// <summary>True once an event has come, or the message that there is none.</summary>
    public bool Fetched { get; set; }
}
