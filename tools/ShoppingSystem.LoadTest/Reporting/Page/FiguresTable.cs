using System.Xml.Linq;

namespace ShoppingSystem.LoadTest;

/// <summary>The figures of a run, one a row; with those of an earlier one and the ratio where there is one.</summary>
/// <param name="report">The run.</param>
/// <param name="baseline">The earlier one; null for none.</param>
internal sealed class FiguresTable(ReportDocument report, ReportDocument? baseline)
{
    /// <summary>Makes it.</summary>
    public XElement Draw() => Html.Element(
        "table", Html.Class("figures"),
        Html.Element("caption", baseline is null ? "Figures" : "Figures, and those before"),
        Html.Element(
            "thead",
            Html.Element("tr", ColumnHeads().Select(Html.ColumnHead))),
        Group(
            "Purchases",
            Number("due", of => of.Purchases.Acknowledged + of.Purchases.Failed + of.Purchases.NotSent),
            Rate("due a second", of => of.Purchases.DuePerSecond),
            Number("acknowledged", of => of.Purchases.Acknowledged),
            Rate("acknowledged a second", of => of.Purchases.AcknowledgedPerSecond),
            Number("failed", of => of.Purchases.Failed),
            Number("not sent, no connection was free in time", of => of.Purchases.NotSent),
            Number("waited for a free connection", of => of.Purchases.Waited),
            Number("retries", of => of.Purchases.Retries),
            Number("connections at most", of => of.Purchases.Connections),
            Time("processor time of the generator, each", of => of.Generator is { Purchases: > 0 } generator ? generator.CpuMs / generator.Purchases : null)),
        Group("Failed attempts", [.. Errors().Select(error => Number(error, of => of.Purchases.Errors.GetValueOrDefault(error)))]),
        Group("Acknowledged after", Times(of => of.Purchases.LatencyMs)),
        Group("Started late by", Times(of => of.Purchases.StartDelayMs)),
        Group("Recording lag", Times(of => of.RecordingLagMs)),
        Group(
            "Verified",
            Number("acknowledged, warm-up included", of => of.Verification?.Acknowledged),
            Number("found", of => of.Verification?.Found),
            Number("lost", of => of.Verification?.Lost),
            Number("doubled", of => of.Verification?.Doubled),
            Number("altered", of => of.Verification?.Altered),
            Number("foreign, bought by nobody", of => of.Verification?.Foreign),
            Number("unchecked, the history could not be read", of => of.Verification?.Unchecked),
            Number("unacknowledged, but recorded: allowed", of => of.Verification?.Unacknowledged)));

    private IEnumerable<string> ColumnHeads() => baseline is null ? ["figure", "value"] : ["figure", "before", "now", "ratio"];

    private IEnumerable<string> Errors() =>
        report.Purchases.Errors.Keys.Union(baseline?.Purchases.Errors.Keys ?? []).Order(StringComparer.Ordinal);

    // What neither run has is left out.
    private XElement? Group(string name, params Row[] rows)
    {
        var known = rows.Where(row => row.Of(report) is not null || (baseline is not null && row.Of(baseline) is not null)).ToList();
        return known.Count is 0 ? null : Html.Element(
            "tbody",
            Html.Element("tr", Html.Element("th", new XAttribute("scope", "rowgroup"), new XAttribute("colspan", ColumnHeads().Count()), name)),
            known.Select(row => Html.Element(
                "tr", Html.RowHead(row.Name), Cells(row).Select(cell => Html.Element("td", cell)))));
    }

    private IEnumerable<string> Cells(Row row)
    {
        var now = row.Of(report);
        if (baseline is null)
        {
            return [Words(now)];
        }

        var before = row.Of(baseline);
        return [Words(before), Words(now), now is { } value && before is > 0 and var basis ? $"{value / basis:0.00}" : "–"];

        string Words(double? value) => value is { } known ? row.Words(known) : "–";
    }

    private static Row Number(string name, Func<ReportDocument, double?> figure) => new(name, figure, number => $"{number:N0}");

    private static Row Rate(string name, Func<ReportDocument, double?> figure) => new(name, figure, number => number < 100 ? $"{number:N1}" : $"{number:N0}");

    private static Row Time(string name, Func<ReportDocument, double?> figure) => new(name, figure, Text.Time);

    private static Row[] Times(Func<ReportDocument, ReportLatency?> times)
    {
        return [.. ReportLatency.Percents.Select(percent => Of($"p{percent}", of => of.At(percent))), Of("max", of => of.Max), Of("mean", of => of.Mean)];

        Row Of(string name, Func<ReportLatency, double> figure) => Time(name, of => times(of) is { Count: > 0 } known ? figure(known) : null);
    }

    private sealed record Row(string Name, Func<ReportDocument, double?> Of, Func<double, string> Words);
}
