using System.Globalization;
using Duration = ShoppingSystem.LoadTest.Duration;
using OpenLoad = ShoppingSystem.LoadTest.OpenLoad;

namespace ShoppingSystem.ScalingPlan.Playing;

/// <summary>How many purchases customers begin in each second.</summary>
internal static class Arrivals
{
    /// <summary>As a load test would send them.</summary>
    public static double[] Of(OpenLoad load)
    {
        var arrivals = new double[(int)Math.Ceiling(load.Duration.TotalSeconds)];
        var before = 0d;
        for (var second = 0; second < arrivals.Length; second++)
        {
            var due = load.DueWithin(TimeSpan.FromSeconds(second + 1));
            (arrivals[second], before) = (due - before, due);
        }

        return arrivals;
    }

    /// <summary>
    /// Reads lines <c>time,rate</c>: a time is a number of seconds or a duration such as <c>6h</c>, a rate is purchases a second;
    /// between two lines the rate changes linearly, and the last line ends the load. Lines with <c>#</c> are remarks.
    /// </summary>
    /// <exception cref="FormatException">A line is invalid; the message says which, and what is legal.</exception>
    public static double[] Parse(IReadOnlyList<string> lines, int mostSeconds)
    {
        var points = new List<(double At, double Rate)>();
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            points.Add(line.Split(',') is [var time, var rate] && Seconds(time) is { } at && Number(rate) is { } perSecond && perSecond <= MostPerSecond
                && (points.Count == 0 ? at == 0 : at > points[^1].At) && at <= mostSeconds
                ? (at, perSecond)
                : throw new FormatException($"line {i + 1}: {line} is not time,rate, such as 6h,2000; times begin with 0 and grow to {mostSeconds / 86400} days at most, rates are up to {MostPerSecond}"));
        }

        return points.Count < 2
            ? throw new FormatException("fewer than two lines time,rate")
            : [.. Enumerable.Range(0, (int)Math.Ceiling(points[^1].At)).Select(second => RateAt(points, second + 0.5))];
    }

    /// <summary>The highest rate that is accepted, purchases a second.</summary>
    public const int MostPerSecond = 10_000_000;

    private static double RateAt(List<(double At, double Rate)> points, double time)
    {
        var next = Math.Max(1, points.FindIndex(point => point.At >= time));
        var (from, to) = (points[next - 1], points[next]);
        return from.Rate + (to.Rate - from.Rate) * Math.Clamp((time - from.At) / (to.At - from.At), 0, 1);
    }

    private static double? Seconds(string text) =>
        Number(text) ?? (Duration.TryParse(text.Trim(), out var duration) ? duration.TotalSeconds : null);

    private static double? Number(string text) =>
        double.TryParse(text.Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : null;
}
