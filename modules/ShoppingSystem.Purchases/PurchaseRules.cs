using System.Buffers;
using System.Text.Unicode;

namespace ShoppingSystem.Purchases;

/// <summary>The rules for a valid purchase. Every check returns what is wrong, or null when the value is valid.</summary>
public static class PurchaseRules
{
    /// <summary>The most characters (Unicode scalar values) an id, a name or an item may have.</summary>
    public const int MaxTextLength = 128;

    /// <summary>The highest price.</summary>
    public const decimal MaxPrice = 1_000_000_000m;

    /// <summary>The most decimals a price may have.</summary>
    public const int MaxPriceDecimals = 4;

    /// <summary>
    /// The most characters that another producer's own id of a purchase may have. It is not stored; an id is derived from it.
    /// </summary>
    public const int MaxForeignIdLength = 1024;

    // The decimal digits that a 64-bit binary floating-point number holds reliably; further digits are noise.
    private const int BinaryDigits = 15;
    private const int MaxScale = 28;

    private static readonly SearchValues<char> ControlCharacters =
        SearchValues.Create([.. Enumerable.Range(0, 0x100).Select(code => (char)code).Where(char.IsControl)]);

    /// <summary>What the checks of several fields found, by field; null when all values are valid.</summary>
    public static Dictionary<string, string[]>? Collect(params ReadOnlySpan<(string Field, string? Complaint)> checks)
    {
        Dictionary<string, string[]>? problems = null;
        foreach (var (field, complaint) in checks)
        {
            if (complaint is not null)
            {
                (problems ??= [])[field] = [complaint];
            }
        }

        return problems;
    }

    /// <summary>Ids and names: 1 to 128 characters, none of them a control character.</summary>
    public static string? CheckText(string? text) => text switch
    {
        null => "is required",
        "" => "must not be empty",
        _ when IsTooLong(text) => $"must have at most {MaxTextLength} characters",
        _ when text.AsSpan().ContainsAny(ControlCharacters) => "must not contain control characters",
        _ when HasLoneSurrogate(text) => "must be valid Unicode",
        _ => null,
    };

    /// <summary>
    /// The user of a new purchase: as <see cref="CheckText"/>, but neither <c>.</c> nor <c>..</c>. Clients and servers treat
    /// these as directories, so no URL path can address the history of such a user. Events with such an id are recorded all the
    /// same; <c>GET /api/purchases?userId=..</c> shows them.
    /// </summary>
    public static string? CheckUserId(string? userId) =>
        CheckText(userId) ?? (userId is "." or ".." ? "must not be . or .., which no path can name" : null);

    /// <summary>Text that may be missing; if present, it follows the rules of <see cref="CheckText"/>.</summary>
    public static string? CheckOptionalText(string? text) => text is null ? null : CheckText(text);

    /// <summary>Prices: greater than zero, at most 1,000,000,000, at most 4 decimals.</summary>
    public static string? CheckPrice(decimal? price) => price switch
    {
        null => "is required",
        <= 0 => "must be greater than 0",
        > MaxPrice => $"must be at most {MaxPrice}",
        { Scale: > MaxPriceDecimals } => $"must have at most {MaxPriceDecimals} decimals",
        _ => null,
    };

    /// <summary>Another producer's own id of a purchase: any text that is not empty and has at most 1024 characters.</summary>
    public static string? CheckForeignId(string id) => id.Length switch
    {
        0 => "must not be empty",
        > MaxForeignIdLength => $"must have at most {MaxForeignIdLength} characters",
        _ => null,
    };

    /// <summary>
    /// The intended price, where more than 4 decimals are given: without trailing zeros (<c>12.50000</c> is <c>12.5000</c>),
    /// and without the rounding errors of binary arithmetic (<c>0.30000000000000004</c> is <c>0.3</c>: the first 15 digits
    /// count, as many as a 64-bit binary number holds). Any other price stays as it is.
    /// </summary>
    public static decimal? WithoutNoise(decimal? price)
    {
        if (price is not { Scale: > MaxPriceDecimals } given || Math.Abs(given) > MaxPrice)
        {
            return price;
        }

        var rounded = decimal.Round(given, MaxPriceDecimals);
        if (rounded == given)
        {
            return rounded;
        }

        // Dividing by a decimal 1 with this many zeros removes trailing zeros.
        var meant = decimal.Round(given, DecimalsOfFirst(BinaryDigits, Math.Abs(given))) / 1.0000000000000000000000000000m;
        return meant.Scale <= MaxPriceDecimals ? meant : price;
    }

    // The number of decimals that keeps this many significant digits of a number.
    private static int DecimalsOfFirst(int digits, decimal number)
    {
        var decimals = digits;
        for (; number >= 1; number /= 10)
        {
            decimals--;
        }

        for (; number is > 0 and < 0.1m && decimals < MaxScale; number *= 10)
        {
            decimals++;
        }

        return decimals;
    }

    private static bool IsTooLong(string text) =>
        text.Length > MaxTextLength && (text.Length > 2 * MaxTextLength || text.EnumerateRunes().Count() > MaxTextLength);

    // IsTooLong limits the text to two UTF-16 units a character; a unit takes three bytes at most.
    private static bool HasLoneSurrogate(string text) => Utf8.FromUtf16(
        text, stackalloc byte[3 * 2 * MaxTextLength], out _, out _, replaceInvalidSequences: false) is OperationStatus.InvalidData;
}
