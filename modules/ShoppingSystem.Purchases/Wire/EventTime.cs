using System.Text.Json;

namespace ShoppingSystem.Purchases;

/// <summary>Points in time as other producers write them; <c>docs/events.md</c> lists the forms.</summary>
internal static class EventTime
{
    // The lowest epoch values that are read as milliseconds, microseconds and nanoseconds. Each unit covers 1973 to 5138.
    private const decimal FirstMilliseconds = 100_000_000_000m;
    private const decimal FirstMicroseconds = 1_000 * FirstMilliseconds;
    private const decimal FirstNanoseconds = 1_000 * FirstMicroseconds;

    private const string Unreadable = "can't be read as a point in time";
    private const string OutOfRange = "is outside the years 1 to 9999";

    private static readonly decimal Earliest = DateTimeOffset.MinValue.ToUnixMicroseconds();
    private static readonly decimal Latest = DateTimeOffset.MaxValue.ToUnixMicroseconds();

    /// <summary>Reads the time at the reader's position; moves to the end of the value.</summary>
    /// <returns>Null when the value is not a time; then <paramref name="problem"/> says why.</returns>
    /// <exception cref="InvalidOperationException">The value is text that is not valid Unicode.</exception>
    public static DateTimeOffset? Read(ref Utf8JsonReader reader, out string? problem)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Number:
                return FromEpoch(JsonText.ReadNumber(ref reader), out problem);
            case JsonTokenType.String:
                return FromText(reader.GetString()!, out problem);
            case JsonTokenType.StartArray:
                return FromParts(ref reader, out problem);
            case JsonTokenType.StartObject:
                return FromExtended(ref reader, out problem);
            default:
                return FromEpoch(null, out problem);
        }
    }

    private static DateTimeOffset? FromText(string text, out string? problem)
    {
        if (IsoTime.Parse(text) is not { } ticks)
        {
            return FromEpoch(JsonText.Parse(text), out problem);
        }

        problem = ticks < DateTimeOffset.MinValue.Ticks || ticks > DateTimeOffset.MaxValue.Ticks ? OutOfRange : null;
        return problem is null ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;
    }

    private static DateTimeOffset? FromEpoch(decimal? epoch, out string? problem)
    {
        if (epoch is not { } given)
        {
            problem = Unreadable;
            return null;
        }

        var microseconds = Math.Abs(given) switch
        {
            < FirstMilliseconds => given * 1_000_000,
            < FirstMicroseconds => given * 1_000,
            < FirstNanoseconds => given,
            _ => given / 1_000,
        };
        return FromMicroseconds(microseconds, out problem);
    }

    private static DateTimeOffset? FromMicroseconds(decimal microseconds, out string? problem)
    {
        problem = microseconds < Earliest || microseconds > Latest ? OutOfRange : null;
        return problem is null ? Microseconds.FromUnixMicroseconds((long)decimal.Floor(microseconds)) : null;
    }

    // The form in which Jackson writes a LocalDateTime: [year, month, day, hour, minute, second?, nanosecond?]. It has no zone, so
    // it is read as UTC.
    private static DateTimeOffset? FromParts(ref Utf8JsonReader reader, out string? problem)
    {
        Span<int> parts = stackalloc int[7];
        var count = 0;
        var isWhole = true;
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            isWhole &= count < parts.Length && reader.TokenType is JsonTokenType.Number && reader.TryGetInt32(out parts[count]);
            count++;
            reader.Skip();
        }

        problem = Unreadable;
        if (!isWhole || count is < 3 or 4 || parts[0] is < 1 or > 9999 || parts[1] is < 1 or > 12
            || parts[2] < 1 || parts[2] > DateTime.DaysInMonth(parts[0], parts[1])
            || parts[3] is < 0 or > 23 || parts[4] is < 0 or > 59 || parts[5] is < 0 or > 59 || parts[6] is < 0 or > 999_999_999)
        {
            return null;
        }

        problem = null;
        return new DateTimeOffset(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], TimeSpan.Zero).AddTicks(parts[6] / TimeSpan.NanosecondsPerTick);
    }

    // {"$date":"2024-01-19T11:20:00Z"}, {"$date":{"$numberLong":"1705663200123"}}, or, in version 1, {"$date":1705663200123}:
    // always milliseconds, even if the number is small. Other numbers ({"$numberLong":"…"}) are read like any epoch.
    private static DateTimeOffset? FromExtended(ref Utf8JsonReader reader, out string? problem)
    {
        var depth = reader.CurrentDepth;
        var inside = reader;
        inside.Read();
        if (inside.TokenType is not JsonTokenType.PropertyName || !inside.ValueTextEquals("$date"u8))
        {
            return FromEpoch(JsonText.ReadNumber(ref reader), out problem);
        }

        reader = inside;
        reader.Read();
        DateTimeOffset? time = null;
        problem = Unreadable;
        if (reader.TokenType is JsonTokenType.String)
        {
            time = FromText(reader.GetString()!, out problem);
        }
        else if (JsonText.ReadNumber(ref reader) is { } milliseconds and > -FirstNanoseconds and < FirstNanoseconds)
        {
            time = FromMicroseconds(milliseconds * 1_000, out problem);
        }

        if (!JsonText.Leave(ref reader, depth) && time is not null)
        {
            (time, problem) = (null, Unreadable);
        }

        return time;
    }
}
