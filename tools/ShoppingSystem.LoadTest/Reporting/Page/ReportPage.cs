using System.Globalization;
using System.Xml.Linq;

namespace ShoppingSystem.LoadTest;

/// <summary>The report as a page of one file: no script, and no style, font or picture from elsewhere. It is HTML and XML at once.</summary>
/// <param name="report">The run.</param>
/// <param name="baseline">An earlier run to show beside it; null for none.</param>
internal sealed class ReportPage(ReportDocument report, ReportDocument? baseline)
{
    /// <summary>Writes the page; an existing file is replaced.</summary>
    public static Task WriteAsync(string file, ReportDocument report, ReportDocument? baseline) =>
        Html.WriteAsync(file, new ReportPage(report, baseline).Draw());

    private XElement Draw()
    {
        var charts = new TimeCharts(report, baseline);
        return Html.Element(
            "html", new XAttribute("lang", "en"),
            Html.Element(
                "head",
                Html.Element("meta", new XAttribute("charset", "utf-8")),
                Html.Element("meta", new XAttribute("name", "viewport"), new XAttribute("content", "width=device-width, initial-scale=1")),
                Html.Element("meta", new XAttribute("name", "color-scheme"), new XAttribute("content", "light dark")),
                Html.Element("meta", new XAttribute("http-equiv", "Content-Security-Policy"), new XAttribute("content", "default-src 'none'; style-src 'unsafe-inline'")),
                Html.Element("title", $"Load test {report.RunId}"),
                Html.Element("style", Style())),
            Html.Element(
                "body",
                Html.Element(
                    "main",
                    Html.Element("h1", "Load test"),
                    Verdicts(),
                    Html.Element("h2", "How it was run"),
                    Run(),
                    Html.Element("h2", "Over time"),
                    Html.Element("p", Explanation()),
                    Html.Element(
                        "div", Html.Class("charts"),
                        LatencyChart.Draw(charts),
                        RateChart.Draw(charts),
                        ErrorChart.Draw(charts, report, baseline),
                        LagChart.Draw(charts),
                        PercentileChart.Draw(report, baseline)),
                    Html.Element("h2", "Figures"),
                    Steps(),
                    new FiguresTable(report, baseline).Draw())));
    }

    private IEnumerable<XElement> Verdicts()
    {
        yield return Say(Verdict.Of(report));
        foreach (var example in report.Verification?.Examples ?? [])
        {
            yield return Html.Element("p", example);
        }

        if (report.Search is { Steps.Count: > 0 } search)
        {
            yield return Say(Verdict.Of(search));
        }

        static XElement Say(Verdict verdict) => Html.Element("p", Html.Class($"verdict {verdict.Finding.ToString().ToLowerInvariant()}"), verdict.Sentence);
    }

    private XElement Run()
    {
        (string Name, Func<ReportDocument, object> Of)[] rows =
        [
            ("arguments", of => of.Arguments.Count is 0 ? "none" : Html.Element("code", of.Arguments.SelectMany(InOnePiece))),
            ("url", of => of.Url.ToString()),
            ("start", of => $"{of.StartedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} UTC"),
            ("duration", of => InWords(of)),
            ("users", of => $"{of.Users:N0}"),
            ("run id", of => of.RunId),
        ];
        return Html.Element(
            "table", Html.Class("run"),
            Html.Element("caption", baseline is null ? "The run" : "The run, and the one before"),
            baseline is null ? null : Html.Element("thead", Html.Element("tr", Html.Element("td"), Html.ColumnHead("before"), Html.ColumnHead("now"))),
            Html.Element(
                "tbody",
                rows.Select(row => Html.Element(
                    "tr",
                    Html.RowHead(row.Name),
                    baseline is null ? null : Html.Element("td", row.Of(baseline)),
                    Html.Element("td", row.Of(report))))));
    }

    private XElement? Steps()
    {
        if (report.Search is not { Steps.Count: > 0 } search)
        {
            return null;
        }

        return Html.Element(
            "table", Html.Class("figures"),
            Html.Element("caption", "The search"),
            Html.Element("thead", Html.Element("tr", ((string[])["rate", "acknowledged a second", "p99", "failed", "result"]).Select(Html.ColumnHead))),
            Html.Element(
                "tbody",
                search.Steps.Select(step => Html.Element(
                    "tr",
                    Html.RowHead($"{step.Rate:N0}"),
                    Html.Element("td", $"{step.Purchases.AcknowledgedPerSecond:N0}"),
                    Html.Element("td", Text.OfAll(step.Purchases.P99OfAllMs)),
                    Html.Element("td", $"{step.Purchases.Failed + step.Purchases.NotSent:N0}"),
                    Html.Element("td", step.Passed ? "passed" : "failed")))));
    }

    private string Explanation()
    {
        var compared = baseline is null ? "" : " Dashed and fainter lines are the run before.";
        return $"Each point is one second; in long runs the worst of several, or their mean where it is a rate or a median. Seconds that the load was not on for the whole of are left out of the purchases a second.{compared}";
    }

    private static string InWords(ReportDocument of) => string.Concat(
        of.Search is null ? Time(of.DurationSeconds) : $"{Time(of.DurationSeconds)} for each rate",
        of.WarmUpSeconds > 0 ? $" after {Time(of.WarmUpSeconds)} of warm-up" : "",
        of.Stopped ? $", stopped after {Time(of.Purchases.ElapsedSeconds)}" : "");

    private static string Time(double seconds) => Text.Time(seconds * 1000);

    // So that no line ends within it unless it is longer than a line.
    private static object[] InOnePiece(string argument) => [Html.Element("span", Quoted(argument)), " "];

    private static string Quoted(string argument) =>
        argument.Length > 0 && argument.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=,+%@".Contains(c, StringComparison.Ordinal))
            ? argument
            : $"'{argument.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    private static string Style()
    {
        using var stream = typeof(ReportPage).Assembly.GetManifestResourceStream("report.css")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
