namespace ShoppingSystem.Purchases;

/// <summary>Where purchases go first: an ordered, durable log of events.</summary>
public interface IPurchaseLog
{
    /// <summary>
    /// Appends <paramref name="purchase"/> and completes when it is durable: from then on it will be recorded. The purchases of
    /// one user are delivered to the feed in the order in which they were appended.
    /// </summary>
    /// <param name="purchase">A purchase that keeps <see cref="PurchaseRules"/>.</param>
    /// <param name="cancellationToken">Stops the wait, not the append: the purchase may still be recorded.</param>
    /// <exception cref="PurchaseLogUnavailableException">
    /// The log did not say "durable" within the deadline (<see cref="PurchaseLogOptions.AppendDeadline"/>), or cannot
    /// take any more. The purchase may still be recorded; a retry under the same id is safe.
    /// </exception>
    ValueTask AppendAsync(Purchase purchase, CancellationToken cancellationToken = default);

    /// <summary>
    /// The tags of its spans, by OpenTelemetry's messaging conventions: <c>messaging.system</c> and
    /// <c>messaging.destination.name</c>.
    /// </summary>
    IReadOnlyList<KeyValuePair<string, object?>> SpanTags => [];
}

/// <summary>The log could not make a purchase durable in time. Nothing was acknowledged.</summary>
public sealed class PurchaseLogUnavailableException : Exception
{
    /// <summary>The log is unavailable, for a reason given in words for an operator.</summary>
    public PurchaseLogUnavailableException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }

    /// <summary>The kind of failure in a few fixed words: the <c>error.type</c> of spans and metrics.</summary>
    public string ErrorType { get; init; } = "unavailable";

    /// <summary>
    /// The reason in words that customers may read, too: without names of files, hosts or users. Null when there is none for
    /// them.
    /// </summary>
    public string? PublicReason { get; init; }
}
