namespace ShoppingSystem.LoadTest;

/// <summary>Whether what was asked for holds.</summary>
internal enum Finding
{
    Good,
    Bad,
    Unknown,
}

/// <summary>What a load test comes to, in one sentence.</summary>
/// <param name="Finding">Whether that is good.</param>
/// <param name="Sentence">The sentence.</param>
internal sealed record Verdict(Finding Finding, string Sentence)
{
    /// <summary>What verification found, or that there was none.</summary>
    public static Verdict Of(ReportDocument report) => report switch
    {
        { Verification: { Passed: false } found } => new(Finding.Bad, $"NOT every acknowledged purchase is recorded exactly once: {Faults(found)}."),
        { Purchases.Acknowledged: 0, Verification: null or { Acknowledged: 0 } } => new(Finding.Bad, "Not one purchase was acknowledged."),
        { Verification: { Complete: false } found } =>
            new(Finding.Unknown, $"Not every history could be read: nothing is proven, with {found.Unchecked:N0} purchases unchecked."),
        { Verification: not null } => new(Finding.Good, "Every acknowledged purchase is recorded exactly once."),
        _ => new(Finding.Unknown, "Nothing was verified: the run was without --verify."),
    };

    /// <summary>What a search found.</summary>
    public static Verdict Of(ReportSearch search)
    {
        var limits = $"p99 within {Text.Time(search.P99LimitMs)}{(search.LagLimitMs is { } lag ? $" and recorded within {Text.Time(lag)}" : "")}";
        return search.HighestRate is { } rate
            ? new(Finding.Good, $"Highest rate with {limits}: {rate:N0}/s")
            : new(Finding.Bad, $"No rate kept {limits}.");
    }

    private static string Faults(ReportVerification found)
    {
        (string Name, long Count)[] faults = [("lost", found.Lost), ("doubled", found.Doubled), ("altered", found.Altered), ("foreign", found.Foreign)];
        return string.Join(", ", faults.Where(fault => fault.Count > 0).Select(fault => $"{fault.Count:N0} {fault.Name}"));
    }
}
