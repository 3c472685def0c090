namespace ShoppingSystem.Purchases;

/// <summary>The events of the log, in batches. An event is delivered again until it is committed (at least once).</summary>
public interface IPurchaseFeed
{
    /// <summary>
    /// Reads from the first event that is not committed, for as long as it is enumerated. A batch holds the events that have
    /// arrived, at least one and at most <see cref="PurchaseLogOptions.BatchSize"/>; it never waits to be full. The next batch
    /// may be requested while the previous one is still being processed. Cancelling <paramref name="cancellationToken"/> ends
    /// the reading, but the current batch can still be committed until the enumerator is disposed; disposing leaves the log to
    /// other readers. One enumeration at a time.
    /// </summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="PurchaseFeedUnavailableException">This enumeration can't continue; a new one may be started.</exception>
    IAsyncEnumerable<FeedBatch> ReadAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// How far this reader is behind, for each partition that it reads. A partition that was assigned just now is missing until
    /// its lag is known. Cheap: does not call the log.
    /// </summary>
    IReadOnlyList<PartitionLag> Lag { get; }

    /// <summary>
    /// Why events of the log, or some of them, can't be read or committed at the moment, in words for an operator; null while
    /// no problem is known. Resets itself once reading works again. Cheap.
    /// </summary>
    string? Problem { get; }

    /// <summary>Events that were lost from the log before this process read them, since it started; null when none were. Cheap.</summary>
    FeedLoss? Loss { get; }

    /// <summary>
    /// The tags of its spans, by OpenTelemetry's messaging conventions: <c>messaging.system</c>,
    /// <c>messaging.destination.name</c> and, where readers form a group, <c>messaging.consumer.group.name</c>.
    /// </summary>
    IReadOnlyList<KeyValuePair<string, object?>> SpanTags { get; }
}

/// <summary>Events in the order of the log, and the means to commit them.</summary>
public abstract class FeedBatch
{
    /// <summary>The events, in order within each partition.</summary>
    public abstract IReadOnlyList<FeedEvent> Events { get; }

    /// <summary>
    /// Confirms that the effects of all events of this batch are durable, so that they need not be delivered again. Batches are
    /// committed in the order in which they were delivered. Events of a partition that has meanwhile moved to another reader
    /// stay uncommitted. That is harmless: the other reader gets them.
    /// </summary>
    public abstract ValueTask CommitAsync(CancellationToken cancellationToken = default);
}

/// <summary>One event as it is in the log, not yet decoded.</summary>
/// <param name="Topic">The topic of the log.</param>
/// <param name="Partition">The partition of the log.</param>
/// <param name="Offset">The position in the partition, counted from 0.</param>
/// <param name="AppendedAt">When it was appended, by the log's clock.</param>
/// <param name="Value">The event itself; UTF-8 JSON if this system wrote it.</param>
/// <param name="TraceParent">The W3C <c>traceparent</c> of the producer that appended it, if that trace is recorded.</param>
public readonly record struct FeedEvent(
    string Topic, int Partition, long Offset, DateTimeOffset AppendedAt, ReadOnlyMemory<byte> Value, string? TraceParent = null);

/// <summary>How many events of a partition have been appended but not yet committed by this reader.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Lag">Events between the committed position and the end of the partition.</param>
/// <param name="OldestAt">
/// When the oldest of these that is not processed yet was appended, by the log's clock; null when there is none or it is not
/// known.
/// </param>
public readonly record struct PartitionLag(int Partition, long Lag, DateTimeOffset? OldestAt = null);

/// <summary>Events that were lost from the log before they were read.</summary>
/// <param name="Events">How many, as far as that is known.</param>
/// <param name="Reason">Which ones were lost last and why, in words for an operator.</param>
public sealed record FeedLoss(long Events, string Reason);

/// <summary>
/// An enumeration of the feed can't continue. <see cref="IPurchaseFeed.Problem"/> gives the reason, and the feed has logged it.
/// Nothing is lost: events that are not committed are delivered again.
/// </summary>
public sealed class PurchaseFeedUnavailableException : Exception
{
    /// <summary>The reading has ended, for a reason given in words for an operator.</summary>
    public PurchaseFeedUnavailableException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}
