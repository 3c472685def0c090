using System.Xml.Linq;

namespace ShoppingSystem.LoadTest;

/// <summary>A figure of each second that becomes a line.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="Color">The class of its color.</param>
/// <param name="Of">The figure; null where there is none.</param>
internal sealed record Series(string Name, string Color, Func<ReportSecond, double?> Of);

/// <summary>The charts that go from the beginning of a run to its end, an earlier run beside it.</summary>
/// <param name="report">The run.</param>
/// <param name="baseline">The earlier one; null for none.</param>
internal sealed class TimeCharts(ReportDocument report, ReportDocument? baseline)
{
    private const int MostPoints = 300;
    private const int MostTimes = 5;
    private const int MostNumbers = 4;

    private readonly IReadOnlyList<ReportSecond> _now = Merge(report.Seconds);
    private readonly IReadOnlyList<ReportSecond> _before = Merge(baseline?.Seconds ?? []);

    /// <summary>Durations on a logarithmic axis; zero is none.</summary>
    public XElement OfDurations(string id, string head, string nothing, params Series[] series)
    {
        var lines = Lines([.. series.Select(one => one with { Of = second => one.Of(second) is > 0 and var known ? known : null })]);
        return Chart.Draw(id, head, (Times(), Scale.OfDurations(lines)), lines, Text.Time, nothing);
    }

    /// <summary>Numbers on an axis that begins with 0.</summary>
    public XElement OfNumbers(string id, string head, string nothing, params Series[] series)
    {
        var lines = Lines(series);
        return Chart.Draw(
            id, head, (Times(), Scale.Of(lines.SelectMany(line => line.Values).DefaultIfEmpty(0).Max(), MostNumbers)), lines, Axis.Number, nothing);
    }

    private Scale Times() => Scale.OfTime((int)Math.Ceiling(_now.Concat(_before).Select(second => second.SinceStart).DefaultIfEmpty(0).Max(last => Math.Max(last, 1))), MostTimes);

    private List<Line> Lines(Series[] series) =>
    [
        .. series.Select(one => LineOf(one, _now, isBefore: false)),
        .. series.Select(one => LineOf(one, _before, isBefore: true)),
    ];

    // Each in the middle of the time that it is the figure of.
    private static Line LineOf(Series series, IReadOnlyList<ReportSecond> seconds, bool isBefore) =>
        new(series.Name, series.Color, isBefore, [.. seconds.Select(second => (second.SinceStart - second.LengthSeconds / 2, series.Of(second)))]);

    // More seconds than there is room for become one: its rates are their mean, its median and its number of errors too, everything else is
    // their highest.
    private static List<ReportSecond> Merge(IReadOnlyList<ReportSecond> seconds) =>
        [.. seconds.Chunk(Math.Max(1, (seconds.Count + MostPoints - 1) / MostPoints)).Select(Merge)];

    private static ReportSecond Merge(ReportSecond[] seconds)
    {
        var last = seconds[^1];
        return seconds.Length is 1 ? last : last with
        {
            LengthSeconds = seconds.Sum(second => second.LengthSeconds),
            Whole = seconds.All(second => second.Whole),
            DuePerSecond = seconds.Average(second => second.DuePerSecond),
            AcknowledgedPerSecond = seconds.Average(second => second.AcknowledgedPerSecond),
            FailedPerSecond = seconds.Average(second => second.FailedPerSecond),
            P50Ms = seconds.Average(second => second.P50Ms),
            P99Ms = seconds.Max(second => second.P99Ms),
            MaxMs = seconds.Max(second => second.MaxMs),
            LagMs = seconds.Max(second => second.LagMs),
            Errors = seconds.SelectMany(second => second.Errors).GroupBy(error => error.Key).ToDictionary(kind => kind.Key, kind => kind.Sum(error => error.Value)),
        };
    }
}
