namespace ShoppingSystem.Purchases;

/// <summary>How many entries one reply holds: purchases of a history, or dead letters.</summary>
public static class PageLimits
{
    /// <summary>The highest <c>limit</c> that a client may ask for.</summary>
    public const int Max = 1000;

    /// <summary>The limit of v1 when the client gives none.</summary>
    public const int Default = 100;

    /// <summary>
    /// The limit of classic when the client gives none. Its clients don't know pages: they get as much as one page can hold.
    /// </summary>
    public const int DefaultClassic = Max;

    /// <summary>What is wrong with the limit; null when it is valid.</summary>
    public static string? Check(int limit) => limit is < 1 or > Max ? $"must be between 1 and {Max}" : null;
}
