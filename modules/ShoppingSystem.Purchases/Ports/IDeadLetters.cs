namespace ShoppingSystem.Purchases;

/// <summary>Events that could not be recorded, kept until an operator replays or drops them.</summary>
public interface IDeadLetters
{
    /// <summary>Keeps <paramref name="letters"/>, durably. A letter whose id is kept already changes nothing.</summary>
    /// <returns>How many were not kept before.</returns>
    ValueTask<int> AddAsync(IReadOnlyList<DeadLetter> letters, CancellationToken cancellationToken = default);

    /// <summary>
    /// A page of the dead letters, newest first (by time of failure, then by id): at most <paramref name="limit"/>, and only
    /// those older than <paramref name="before"/> if it is given.
    /// </summary>
    ValueTask<DeadLetterPage> ListAsync(int limit, PageCursor? before = null, CancellationToken cancellationToken = default);

    /// <summary>The dead letter with this id, or null.</summary>
    ValueTask<DeadLetter?> FindAsync(Guid id, CancellationToken cancellationToken = default);

    /// <summary>Drops a dead letter for good.</summary>
    /// <returns>False when there was none with this id.</returns>
    ValueTask<bool> RemoveAsync(Guid id, CancellationToken cancellationToken = default);

    /// <summary>How many dead letters are kept.</summary>
    ValueTask<long> CountAsync(CancellationToken cancellationToken = default);
}

/// <summary>A part of the dead letters, newest first.</summary>
/// <param name="Letters">The dead letters.</param>
/// <param name="Next">Where the next page (older letters) begins; null when there is none.</param>
public sealed record DeadLetterPage(IReadOnlyList<DeadLetter> Letters, PageCursor? Next);

/// <summary>An event that could not be recorded, with everything that is needed to see why and to try again.</summary>
/// <param name="Id">Derived from the event's position in the log, so that a redelivered event gives the same dead letter.</param>
/// <param name="Reason">Why it could not be recorded.</param>
/// <param name="FailedAt">When the failure was detected.</param>
/// <param name="Event">The event, raw.</param>
public sealed record DeadLetter(Guid Id, string Reason, DateTimeOffset FailedAt, FeedEvent Event)
{
    /// <summary>A dead letter for <paramref name="source"/>.</summary>
    public static DeadLetter For(FeedEvent source, string reason, DateTimeOffset failedAt) => new(
        PurchaseId.FromPosition(source.Topic, source.Partition, source.Offset, source.AppendedAt),
        reason, failedAt.ToWholeMicroseconds(), source);
}
