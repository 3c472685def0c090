namespace ShoppingSystem.Purchases;

/// <summary>The events of the log, in batches, each handed out until it is committed (at least once).</summary>
public interface IPurchaseFeed
{
    /// <summary>
    /// Reads from after the last committed event on, for as long as it is enumerated. A batch holds whatever has arrived,
    /// at least one and at most <see cref="PurchaseLogOptions.BatchSize"/> events; it never waits to be filled. The next
    /// batch may be asked for while the one before it is still worked on. Cancelling <paramref name="cancellationToken"/>
    /// ends the reading, but the batch in hand can still be committed until the enumerator is disposed; that leaves the log
    /// to others. One reader at a time.
    /// </summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="PurchaseFeedUnavailableException">This reading can't go on; another one may be begun.</exception>
    IAsyncEnumerable<FeedBatch> ReadAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// How far this reader is behind, for each partition it reads; a partition that it has just begun to read is missing until
    /// that is known. Cheap: nothing is asked of the log.
    /// </summary>
    IReadOnlyList<PartitionLag> Lag { get; }

    /// <summary>
    /// Why the events of the log, or some of them, can't be read or committed at the moment, as an operator would want to read
    /// it; null while reading works or nothing is known against it. Goes by itself once it works again. Cheap.
    /// </summary>
    string? Problem { get; }

    /// <summary>What has gone from the log before this process read it, since it started; null when nothing has. Cheap.</summary>
    FeedLoss? Loss { get; }

    /// <summary>
    /// What spans say of it, in the words of OpenTelemetry's messaging conventions: <c>messaging.system</c>,
    /// <c>messaging.destination.name</c> and, where readers form a group, <c>messaging.consumer.group.name</c>.
    /// </summary>
    IReadOnlyList<KeyValuePair<string, object?>> SpanTags { get; }
}

/// <summary>Events in the order of the log, and the means to say that they have been dealt with.</summary>
public abstract class FeedBatch
{
    /// <summary>The events, in order within each partition.</summary>
    public abstract IReadOnlyList<FeedEvent> Events { get; }

    /// <summary>
    /// Says that the effects of all events of this batch are durable, so that they need not be handed out again. Batches are
    /// committed in the order in which they were handed out. Events of a partition that another reader has taken over
    /// meanwhile stay uncommitted, which is harmless: they are handed out there.
    /// </summary>
    public abstract ValueTask CommitAsync(CancellationToken cancellationToken = default);
}

/// <summary>One event as it stands in the log, not yet understood.</summary>
/// <param name="Topic">The log it stands in.</param>
/// <param name="Partition">The partition of the log.</param>
/// <param name="Offset">The place in the partition, counted from 0.</param>
/// <param name="AppendedAt">When it was appended, by the log's clock.</param>
/// <param name="Value">The event itself; UTF-8 JSON when it is one of ours.</param>
/// <param name="TraceParent">The W3C <c>traceparent</c> of whoever appended it, when that trace is recorded.</param>
public readonly record struct FeedEvent(
    string Topic, int Partition, long Offset, DateTimeOffset AppendedAt, ReadOnlyMemory<byte> Value, string? TraceParent = null);

/// <summary>How many events of a partition have been appended but not yet committed by this reader.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Lag">Events between the committed position and the end of the partition.</param>
/// <param name="OldestAt">
/// When the first of these that is not dealt with was appended, by the log's clock; null when there is none or it is not known.
/// </param>
public readonly record struct PartitionLag(int Partition, long Lag, DateTimeOffset? OldestAt = null);

/// <summary>Events that went from the log before they were read.</summary>
/// <param name="Events">How many, as far as that is known.</param>
/// <param name="Reason">Which ones went last and why, as an operator would want to read it.</param>
public sealed record FeedLoss(long Events, string Reason);

/// <summary>
/// A reading of the feed can't go on, for the reason that <see cref="IPurchaseFeed.Problem"/> tells and that the feed has
/// logged. Nothing is lost by that: what is not committed is handed out again.
/// </summary>
public sealed class PurchaseFeedUnavailableException : Exception
{
    /// <summary>The reading has ended, with the reason as an operator would want to read it.</summary>
    public PurchaseFeedUnavailableException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}
