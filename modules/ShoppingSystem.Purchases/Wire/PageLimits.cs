namespace ShoppingSystem.Purchases;

/// <summary>How many entries one reply holds: purchases of a history, or dead letters.</summary>
public static class PageLimits
{
    /// <summary>The most that can be asked for.</summary>
    public const int Max = 1000;

    /// <summary>What v1 answers with when nothing is asked for.</summary>
    public const int Default = 100;

    /// <summary>What classic answers with then. Its clients know nothing of pages: they get as much as one page can hold.</summary>
    public const int DefaultClassic = Max;

    /// <summary>What is wrong with what was asked for; null when nothing is.</summary>
    public static string? Check(int limit) => limit is < 1 or > Max ? $"must be between 1 and {Max}" : null;
}
