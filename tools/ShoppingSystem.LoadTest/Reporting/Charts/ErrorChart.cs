using System.Xml.Linq;

namespace ShoppingSystem.LoadTest;

/// <summary>Failed attempts a second, by what went wrong: the most frequent kinds, and all others as one.</summary>
internal static class ErrorChart
{
    private static readonly string[] Colors = ["e", "c", "d", "a"];

    /// <summary>Draws it.</summary>
    public static XElement Draw(TimeCharts charts, ReportDocument report, ReportDocument? baseline)
    {
        var kinds = report.Purchases.Errors.Concat(baseline?.Purchases.Errors ?? new Dictionary<string, long>())
            .GroupBy(error => error.Key).OrderByDescending(kind => kind.Sum(error => error.Value)).Select(kind => kind.Key).ToList();
        var named = kinds.Take(Colors.Length).Select((kind, i) => Of(kind, Colors[i], error => error == kind));
        var others = kinds.Skip(Colors.Length).ToHashSet();
        return charts.OfNumbers(
            "errors", "Failed attempts a second", "No attempt failed.",
            [.. named, .. others.Count > 0 ? [Of("others", "f", others.Contains)] : Array.Empty<Series>()]);
    }

    private static Series Of(string name, string color, Func<string, bool> isIt) =>
        new(name, color, second => second.Errors.Where(error => isIt(error.Key)).Sum(error => error.Value) / second.LengthSeconds);
}
