using System.Xml.Linq;

namespace ShoppingSystem.LoadTest;

/// <summary>How long an acknowledged purchase took until it was in the history, second by second.</summary>
internal static class LagChart
{
    /// <summary>Draws it.</summary>
    public static XElement Draw(TimeCharts charts) => charts.OfDurations(
        "lag", "Recording lag (logarithmic)", "The recording lag is not known.", new Series("recording lag", "d", second => second.LagMs));
}
