namespace ShoppingSystem.LoadTest;

/// <summary>The comparison of acknowledged and recorded purchases.</summary>
public sealed record Verification
{
    /// <summary>Purchases the server acknowledged, warm-up included.</summary>
    public long Acknowledged { get; init; }

    /// <summary>Acknowledged purchases that are in the history of their user.</summary>
    public long Found { get; init; }

    /// <summary>Acknowledged purchases that are in no history.</summary>
    public long Lost { get; init; }

    /// <summary>Purchases, acknowledged or not, that are in the history more than once, even under different ids.</summary>
    public long Doubled { get; init; }

    /// <summary>Entries whose id differs from the acknowledged one, or whose user or price differs from what was sent.</summary>
    public long Altered { get; init; }

    /// <summary>Entries in the histories of this run's users that this run did not buy.</summary>
    public long Foreign { get; init; }

    /// <summary>
    /// Purchases that are recorded although no acknowledgement arrived. Not an error: a reply may get lost after the
    /// purchase is durable.
    /// </summary>
    public long Unacknowledged { get; init; }

    /// <summary>Acknowledged purchases whose history could not be read.</summary>
    public long Unchecked { get; init; }

    /// <summary>How long verifying took, waiting for the recorder included.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>The errors that were found, in words; the first few cases.</summary>
    public IReadOnlyList<string> Examples { get; init; } = [];

    /// <summary>Whether no error was found.</summary>
    public bool Passed => Lost is 0 && Doubled is 0 && Altered is 0 && Foreign is 0;

    /// <summary>Whether every history was read.</summary>
    public bool Complete => Unchecked is 0;
}
