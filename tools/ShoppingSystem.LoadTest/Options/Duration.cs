using System.Globalization;

namespace ShoppingSystem.LoadTest;

/// <summary>Durations as people type them: <c>500ms</c>, <c>60s</c>, <c>1.5m</c>, <c>2h</c>.</summary>
internal static class Duration
{
    private static readonly (string Suffix, double Milliseconds)[] Units =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

    /// <summary>Reads a number with a unit; a number alone, a negative one or more than 30 days is not a duration.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        duration = default;
        foreach (var (suffix, milliseconds) in Units)
        {
            if (text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
                && double.TryParse(text[..^suffix.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number * milliseconds <= TimeSpan.FromDays(30).TotalMilliseconds)
            {
                duration = TimeSpan.FromMilliseconds(number * milliseconds);
                return true;
            }
        }

        return false;
    }

    /// <summary>A duration in the unit that reads best, with three significant digits: <c>850 µs</c>, <c>12.3 ms</c>, <c>1.05 s</c>.</summary>
    public static string Format(TimeSpan duration) => duration switch
    {
        { TotalMilliseconds: < 0.9995 } => $"{Digits(duration.TotalMicroseconds)} µs",
        { TotalSeconds: < 0.9995 } => $"{Digits(duration.TotalMilliseconds)} ms",
        { TotalMinutes: < 2 } => $"{Digits(duration.TotalSeconds)} s",
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{duration:m\\:ss} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)duration.TotalHours}:{duration:mm\\:ss} h"),
    };

    private static string Digits(double number) =>
        number.ToString(number switch { < 9.995 => "0.##", < 99.95 => "0.#", _ => "0" }, CultureInfo.InvariantCulture);
}
