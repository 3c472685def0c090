using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ShoppingSystem.LoadTest;

/// <summary>
/// The purchases of one run, each identified by its number: who buys, for how much, and the bytes of the request. All of this is derived
/// from the number, so a retry sends the same request again, and an entry of a history shows which request made it. The
/// requests differ only in digits at known positions, so a request is written by copying bytes.
/// </summary>
internal sealed class BuyRequests
{
    private const string ItemPrefix = "Load test purchase ";
    private const int NumberDigits = 12;
    private const int UserDigits = 7;
    private const int MinCents = 100_00;
    private const int MaxCents = 999_99;

    private readonly byte[] _template;
    private readonly int _keyAt, _userAt, _usernameAt, _priceAt, _itemAt;

    /// <param name="buy">The address that purchases are posted to.</param>
    /// <param name="userPrefix">The prefix of user ids; the id of the run follows.</param>
    /// <param name="users">How many users there are.</param>
    public BuyRequests(Uri buy, string userPrefix, int users)
    {
        RunId = RandomNumberGenerator.GetHexString(8, lowercase: true);
        Users = users;
        UserIdPrefix = $"{userPrefix}-{RunId}-";

        var zeros = new string('0', NumberDigits);
        var body = $$"""{"username":"Load {{zeros[..UserDigits]}}","userid":"{{UserIdPrefix}}{{zeros[..UserDigits]}}","price":000.00,"item":"{{ItemPrefix}}{{zeros}}"}""";
        var head = $"POST {buy.PathAndQuery} HTTP/1.1\r\nHost: {buy.Authority}\r\nContent-Type: application/json\r\n"
            + $"Content-Length: {body.Length}\r\nIdempotency-Key: {RunId}-{zeros}\r\n\r\n";
        _template = Encoding.ASCII.GetBytes(head + body);

        _keyAt = head.Length - 4 - NumberDigits;
        _usernameAt = After("Load ");
        _userAt = After(UserIdPrefix);
        _priceAt = After("\"price\":");
        _itemAt = After(ItemPrefix);

        int After(string text) => head.Length + body.IndexOf(text, StringComparison.Ordinal) + text.Length;
    }

    /// <summary>Distinguishes this run from all others; part of every user id and idempotency key.</summary>
    public string RunId { get; }

    /// <summary>The prefix of all user ids of this run.</summary>
    public string UserIdPrefix { get; }

    /// <summary>How many users there are.</summary>
    public int Users { get; }

    /// <summary>The length of every request, bytes.</summary>
    public int Length => _template.Length;

    /// <summary>Which user makes the purchase: pseudo-random, so that the users' histories grow unevenly.</summary>
    public int UserOf(long number) => (int)(Scatter((ulong)number) % (uint)Users);

    /// <summary>What the purchase costs: 100.00 to 999.99, with two decimals.</summary>
    public static decimal PriceOf(long number) => new(CentsOf(number), 0, 0, false, 2);

    /// <summary>The id of a user by its index.</summary>
    public string UserId(int user) => UserIdPrefix + user.ToString($"D{UserDigits}", CultureInfo.InvariantCulture);

    /// <summary>The item of a purchase, by which it is recognised in a history.</summary>
    public static string ItemOf(long number) => ItemPrefix + number.ToString($"D{NumberDigits}", CultureInfo.InvariantCulture);

    /// <summary>Reads the number of the purchase from its <paramref name="item"/>; false when this tool did not make it.</summary>
    public static bool TryReadNumber(string? item, out long number)
    {
        number = -1;
        return item is { Length: > NumberDigits }
            && item.StartsWith(ItemPrefix, StringComparison.Ordinal)
            && long.TryParse(item.AsSpan(ItemPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>Writes the whole HTTP request, <see cref="Length"/> bytes.</summary>
    public void Write(long number, Span<byte> request)
    {
        _template.CopyTo(request);
        WriteDigits(request.Slice(_keyAt, NumberDigits), number);
        WriteDigits(request.Slice(_itemAt, NumberDigits), number);

        var user = UserOf(number);
        WriteDigits(request.Slice(_userAt, UserDigits), user);
        WriteDigits(request.Slice(_usernameAt, UserDigits), user);

        var cents = CentsOf(number);
        WriteDigits(request.Slice(_priceAt, 3), cents / 100);
        WriteDigits(request.Slice(_priceAt + 4, 2), cents % 100);
    }

    private static int CentsOf(long number) => MinCents + (int)(Scatter((ulong)number + (1UL << 63)) % (MaxCents - MinCents + 1));

    private static void WriteDigits(Span<byte> digits, long number)
    {
        for (var i = digits.Length - 1; i >= 0; i--)
        {
            (number, var digit) = Math.DivRem(number, 10);
            digits[i] = (byte)('0' + digit);
        }
    }

    // The finalizer of SplitMix64: every bit of the input changes about half the bits of the output.
    private static ulong Scatter(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
