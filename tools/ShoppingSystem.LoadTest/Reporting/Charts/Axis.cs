using System.Globalization;

namespace ShoppingSystem.LoadTest;

/// <summary>Round numbers for rows and ticks.</summary>
internal static class Axis
{
    private static readonly int[] Steps =
        [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 2 * 3600, 4 * 3600, 6 * 3600, 12 * 3600, 24 * 3600];

    private static readonly double[] Factors = [1, 2, 5, 10];

    /// <summary>The shortest round time that fits into <paramref name="seconds"/> at most <paramref name="count"/> times.</summary>
    public static int Step(int seconds, int count) => Steps.FirstOrDefault(step => seconds <= step * count, Steps[^1]);

    /// <summary>A round number; some multiple of it is <paramref name="highest"/> or a little more.</summary>
    /// <param name="highest">The value that has to fit.</param>
    /// <param name="count">How many multiples at most.</param>
    public static double Step(double highest, int count)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(highest, count) / count)));
        return Factors.Select(factor => factor * power).First(step => step * count >= highest);
    }

    /// <summary>A time as minutes and seconds, or with hours.</summary>
    public static string Time(int seconds) => TimeSpan.FromSeconds(seconds) is var time && time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}:{time:mm\\:ss}")
        : string.Create(CultureInfo.InvariantCulture, $"{time:m\\:ss}");

    /// <summary>A number in a short form: <c>950</c>, <c>20k</c>, <c>1.5M</c>.</summary>
    public static string Number(double number) => number switch
    {
        >= 1e6 => string.Create(CultureInfo.InvariantCulture, $"{number / 1e6:0.##}M"),
        >= 1e4 => string.Create(CultureInfo.InvariantCulture, $"{number / 1e3:0.##}k"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{number:#,0.##}"),
    };
}
