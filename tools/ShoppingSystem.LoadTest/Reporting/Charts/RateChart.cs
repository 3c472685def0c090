using System.Xml.Linq;

namespace ShoppingSystem.LoadTest;

/// <summary>
/// Purchases a second. Seconds in which the load was on or measured for a part only are left out: the last would look as if the rate
/// fell, and those of the warm-up, of which no figures are taken, as if nobody bought.
/// </summary>
internal static class RateChart
{
    /// <summary>Draws it.</summary>
    public static XElement Draw(TimeCharts charts) => charts.OfNumbers(
        "rate", "Purchases a second", "The run was too short for a whole second.",
        Whole("due", "c", second => second.DuePerSecond),
        Whole("acknowledged", "b", second => second.AcknowledgedPerSecond),
        Whole("failed", "e", second => second.FailedPerSecond));

    private static Series Whole(string name, string color, Func<ReportSecond, double?> figure) =>
        new(name, color, second => second.Whole ? figure(second) : null);
}
