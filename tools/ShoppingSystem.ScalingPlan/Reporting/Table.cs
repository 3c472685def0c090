using System.Globalization;
using ShoppingSystem.ScalingPlan.Playing;
using Axis = ShoppingSystem.LoadTest.Axis;

namespace ShoppingSystem.ScalingPlan.Reporting;

/// <summary>A play as a table for people, with its summary below.</summary>
internal static class Table
{
    private const int RowsByTime = 12;

    /// <summary>Writes it: a row at regular times, and one whenever a number of pods changes.</summary>
    public static void Write(TextWriter output, IReadOnlyList<Second> seconds, Summary summary)
    {
        output.WriteLine("            buying  waiting    recorded  not yet in   oldest  web servers     recorders");
        output.WriteLine("    time  per s     to buy     per s     a history    s       wanted  ready   wanted  ready");
        var every = Axis.Step(seconds.Count, RowsByTime);
        for (var i = 0; i < seconds.Count; i++)
        {
            var second = seconds[i];
            if (i % every == 0 || i == seconds.Count - 1 || Pods(second) != Pods(seconds[i - 1]))
            {
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Axis.Time(second.At),8}  {second.Arrived,-8:#,0}  {second.WaitingToBuy,-9:#,0}  {second.Recorded,-8:#,0}  {second.Lag,-11:#,0}  {second.OldestSeconds,-6}  {second.WebWanted,-6}  {second.WebReady,-6}  {second.RecordersWanted,-6}  {second.RecordersReady}"));
            }
        }

        output.WriteLine();
        output.WriteLine(InWords(summary));
    }

    /// <summary>The summary of a play, in words.</summary>
    public static string InWords(Summary summary) => string.Create(CultureInfo.InvariantCulture, $"""
        Bought {summary.Bought:#,0}, recorded {summary.Recorded:#,0} in {Axis.Time(summary.Seconds)}.
        {Waiting(summary)}
        At most {summary.MostLag:#,0} purchases were not yet in a history, one of them for {summary.LongestLagSeconds:#,0} s; {CaughtUp(summary)}.
        At most {summary.MostWebServers} web servers and {summary.MostRecorders} recorders.
        """);

    /// <summary>What it costs.</summary>
    /// <param name="summary">The summary of the play.</param>
    /// <param name="price">Of a pod for an hour, in any currency; null when unknown.</param>
    public static string Cost(Summary summary, decimal? price)
    {
        var pods = string.Create(
            CultureInfo.InvariantCulture,
            $"Cost: {summary.WebServerPodSeconds:#,0} pod seconds of web servers and {summary.RecorderPodSeconds:#,0} of recorders, {summary.PodHours:#,0.0} pod hours");
        return price is { } each
            ? string.Create(CultureInfo.InvariantCulture, $"{pods}; at {each} an hour {(decimal)summary.PodHours * each:#,0.00}.")
            : $"{pods}.";
    }

    private static string Waiting(Summary summary) => summary.SecondsWaitingToBuy == 0
        ? "Nobody waited to buy."
        : string.Create(CultureInfo.InvariantCulture, $"At most {summary.MostWaitingToBuy:#,0} customers waited to buy; some did for {summary.SecondsWaitingToBuy:#,0} s.");

    private static string CaughtUp(Summary summary) => summary.CaughtUpAt switch
    {
        null => "it is not caught up with at the end",
        0 => "it was kept up with all the time",
        { } at => $"caught up with after {Axis.Time(at)}",
    };

    private static (int, int, int, int) Pods(Second second) => (second.WebWanted, second.WebReady, second.RecordersWanted, second.RecordersReady);
}
