using System.Xml.Linq;

namespace ShoppingSystem.LoadTest;

/// <summary>How long acknowledgements took, second by second.</summary>
internal static class LatencyChart
{
    /// <summary>Draws it.</summary>
    public static XElement Draw(TimeCharts charts) => charts.OfDurations(
        "latency", "Latency (logarithmic)", "Not one purchase was acknowledged.",
        new("p50", "a", second => second.P50Ms), new("p99", "b", second => second.P99Ms), new("max", "c", second => second.MaxMs));
}
