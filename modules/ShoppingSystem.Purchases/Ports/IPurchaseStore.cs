namespace ShoppingSystem.Purchases;

/// <summary>The record of all purchases. When it cannot be reached, it throws the exceptions of its technology.</summary>
public interface IPurchaseStore
{
    /// <summary>
    /// Records every purchase whose id is not recorded yet, durably, in one round trip if all are new. Recorded purchases never
    /// change: the same purchase again is a duplicate, and a different one with the same id is refused
    /// (<see cref="Purchase.ConflictWith"/>). Repeating a call changes nothing. After an exception some may be recorded and
    /// some not: repeat the call.
    /// </summary>
    ValueTask<RecordResult> RecordAsync(IReadOnlyList<Purchase> purchases, CancellationToken cancellationToken = default);

    /// <summary>
    /// A page of a user's history, newest first (by timestamp, then by id): at most <paramref name="limit"/> purchases, and
    /// only those older than <paramref name="before"/> if it is given. An unknown user's history is empty.
    /// </summary>
    ValueTask<PurchasePage> ReadHistoryAsync(
        string userId, int limit, PageCursor? before = null, CancellationToken cancellationToken = default);

    /// <summary>All of a user's purchases in a few figures.</summary>
    ValueTask<PurchaseSummary> SummarizeAsync(string userId, CancellationToken cancellationToken = default);

    /// <summary>How many purchases of all users are recorded; may be an estimate where counting is expensive.</summary>
    ValueTask<long> CountAsync(CancellationToken cancellationToken = default);
}

/// <summary>The result for a batch: each of its purchases was recorded, was recorded before, or was refused.</summary>
/// <param name="Recorded">How many are new in the store.</param>
/// <param name="Duplicates">How many were recorded before, or came twice in the batch, with the same content.</param>
/// <param name="Refused">Those that the store will never accept; the rest of the batch is recorded all the same.</param>
public sealed record RecordResult(int Recorded, int Duplicates, IReadOnlyList<RefusedPurchase> Refused);

/// <summary>A purchase that the store will never accept.</summary>
/// <param name="Index">Its index in the batch, counted from 0.</param>
/// <param name="Reason">Why, in words for an operator. Tells nothing about other purchases except their ids.</param>
public sealed record RefusedPurchase(int Index, string Reason);

/// <summary>A part of a user's history, newest first.</summary>
/// <param name="Purchases">The purchases.</param>
/// <param name="Next">Where the next page (older purchases) begins; null when there is none.</param>
public sealed record PurchasePage(IReadOnlyList<Purchase> Purchases, PageCursor? Next);

/// <summary>A user's purchases in figures.</summary>
/// <param name="UserId">The user.</param>
/// <param name="Purchases">How many.</param>
/// <param name="Total">The exact sum of their prices.</param>
/// <param name="First">When the oldest was made; null when there is none.</param>
/// <param name="Last">When the newest was made; null when there is none.</param>
public sealed record PurchaseSummary(string UserId, long Purchases, decimal Total, DateTimeOffset? First, DateTimeOffset? Last);
