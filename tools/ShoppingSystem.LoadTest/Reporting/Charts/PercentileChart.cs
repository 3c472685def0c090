using System.Xml.Linq;

namespace ShoppingSystem.LoadTest;

/// <summary>Latency by percentile, from p50 to p99.99: how much longer the few take that take long.</summary>
internal static class PercentileChart
{
    /// <summary>Draws it.</summary>
    public static XElement Draw(ReportDocument report, ReportDocument? baseline)
    {
        Line[] lines = [Of(report.Purchases.LatencyMs, isBefore: false), .. baseline is null ? Array.Empty<Line>() : [Of(baseline.Purchases.LatencyMs, isBefore: true)]];
        return Chart.Draw(
            "percentiles", "Latency by percentile (logarithmic)",
            (Scale.OfPercentiles(50, 90, 99, 99.9, 99.99), Scale.OfDurations(lines)),
            lines, Text.Time, "Not one purchase was acknowledged.");
    }

    private static Line Of(ReportLatency latency, bool isBefore) => new(
        "acknowledged", "a", isBefore, [.. ReportLatency.Percents.Select(percent => (Scale.OneIn(percent), latency.At(percent) is > 0 and var known ? known : (double?)null))]);
}
