namespace ShoppingSystem.LoadTest;

/// <summary>How what was acknowledged compares with what is recorded.</summary>
public sealed record Verification
{
    /// <summary>Purchases the server acknowledged, warm-up included.</summary>
    public long Acknowledged { get; init; }

    /// <summary>Acknowledged purchases that are in the history of their user.</summary>
    public long Found { get; init; }

    /// <summary>Acknowledged purchases that are in no history.</summary>
    public long Lost { get; init; }

    /// <summary>Purchases, acknowledged or not, that are in the history more than once, be it under different ids.</summary>
    public long Doubled { get; init; }

    /// <summary>Entries with another id than was acknowledged, or another user or price than was sent.</summary>
    public long Altered { get; init; }

    /// <summary>Entries in the histories of this run's users that nobody bought.</summary>
    public long Foreign { get; init; }

    /// <summary>
    /// Purchases that are recorded though the acknowledgement never arrived. Not an error: a reply may get lost after the
    /// purchase is durable.
    /// </summary>
    public long Unacknowledged { get; init; }

    /// <summary>Acknowledged purchases whose history could not be read.</summary>
    public long Unchecked { get; init; }

    /// <summary>How long verifying took, waiting for the recorder included.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>What was found wrong, in words; the first few cases.</summary>
    public IReadOnlyList<string> Examples { get; init; } = [];

    /// <summary>Nothing was found wrong.</summary>
    public bool Passed => Lost is 0 && Doubled is 0 && Altered is 0 && Foreign is 0;

    /// <summary>Every history was read.</summary>
    public bool Complete => Unchecked is 0;
}
