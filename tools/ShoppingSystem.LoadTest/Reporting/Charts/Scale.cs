namespace ShoppingSystem.LoadTest;

/// <summary>A value on an axis, with its words.</summary>
internal readonly record struct Tick(double Value, string Label);

/// <summary>The values along one side of a chart.</summary>
/// <param name="Low">The value at its beginning.</param>
/// <param name="High">The value at its end; more than <paramref name="Low"/>.</param>
/// <param name="IsLogarithmic">Whether equal distances are equal ratios; then <paramref name="Low"/> is above 0.</param>
/// <param name="Ticks">The values that are labelled.</param>
internal sealed record Scale(double Low, double High, bool IsLogarithmic, IReadOnlyList<Tick> Ticks)
{
    private static readonly double[] Factors = [1, 2, 5];

    /// <summary>Where a value is, from 0 at the beginning to 1 at the end.</summary>
    public double Share(double value) => IsLogarithmic ? Math.Log(value / Low) / Math.Log(High / Low) : (value - Low) / (High - Low);

    /// <summary>From 0 to a round number that is <paramref name="highest"/> or a little more.</summary>
    /// <param name="highest">The value that has to fit.</param>
    /// <param name="count">How many ticks at most, besides the one at 0.</param>
    public static Scale Of(double highest, int count)
    {
        var step = Axis.Step(highest, count);
        var steps = (int)Math.Max(1, Math.Ceiling(highest / step));
        return new(0, steps * step, false, [.. Enumerable.Range(0, steps + 1).Select(i => new Tick(i * step, Axis.Number(i * step)))]);
    }

    /// <summary>From 0:00 on.</summary>
    /// <param name="seconds">How long.</param>
    /// <param name="count">How many ticks at most, besides the one at 0:00.</param>
    public static Scale OfTime(int seconds, int count)
    {
        var step = Axis.Step(seconds, count);
        return new(
            0, seconds, false,
            [.. Enumerable.Range(0, seconds / step + 1).Select(i => new Tick(i * step, step < 3600 ? Axis.Time(i * step) : $"{i * step / 3600} h"))]);
    }

    /// <summary>Durations, with room for values of very different magnitude.</summary>
    /// <param name="lines">The lines that have to fit: milliseconds, above 0.</param>
    public static Scale OfDurations(IReadOnlyList<Line> lines)
    {
        var values = lines.SelectMany(line => line.Values).DefaultIfEmpty(1).ToList();
        var (lowest, highest) = (values.Min(), values.Max());
        var powers = Enumerable.Range((int)Math.Floor(Math.Log10(lowest)), (int)Math.Ceiling(Math.Log10(highest)) - (int)Math.Floor(Math.Log10(lowest)) + 1);
        var round = powers.SelectMany(power => Factors.Select(factor => factor * Math.Pow(10, power))).ToList();
        var low = round.Last(value => value <= lowest);
        var high = round.First(value => value >= highest && value > low);
        var between = round.FindAll(value => value >= low && value <= high);
        var labelled = between.Count <= 5 ? between : between.FindAll(value => Math.Abs(Math.Log10(value) - Math.Round(Math.Log10(value))) < 1e-9);
        return new(low, high, true, [.. labelled.Select(value => new Tick(value, Text.Time(value)))]);
    }

    /// <summary>Percentiles from the median up: as far from one to the next as there are fewer above it.</summary>
    /// <param name="percents">Those that are labelled, lowest first; see <see cref="OneIn"/>.</param>
    public static Scale OfPercentiles(params double[] percents) =>
        new(OneIn(percents[0]), OneIn(percents[^1]), true, [.. percents.Select(percent => new Tick(OneIn(percent), $"p{percent}"))]);

    /// <summary>The place of a percentile: one in so many is above it.</summary>
    public static double OneIn(double percent) => 100 / (100 - percent);
}
