using Spectre.Console;

namespace ShoppingSystem.LoadTest;

/// <summary>The tables at the end of a load test.</summary>
internal static class FinalReport
{
    public static void Print(IAnsiConsole console, ReportDocument report)
    {
        if (report.Search is { Steps.Count: > 0 } search)
        {
            console.Write(Steps(search));
            Say(Verdict.Of(search));
        }

        console.Write(Purchases(report));
        console.Write(Latencies(report));
        if (report.Verification is { } verification)
        {
            console.Write(Verified(verification));
            foreach (var example in verification.Examples)
            {
                console.MarkupLineInterpolated($"[red]{example}[/]");
            }

            Say(Verdict.Of(report));
        }

        void Say(Verdict verdict)
        {
            var color = verdict.Finding switch { Finding.Good => "green", Finding.Bad => "red", _ => "yellow" };
            console.MarkupLine($"[{color}]{verdict.Sentence.EscapeMarkup()}[/]");
        }
    }

    private static Table Steps(ReportSearch search)
    {
        var table = NewTable("Search", "rate", "acknowledged/s", "p50", "p99", "recording lag", "failed", "");
        foreach (var (rate, passed, lag, figures) in search.Steps)
        {
            table.AddRow(
                $"{rate:N0}/s", $"{figures.AcknowledgedPerSecond:N0}", Text.OfAll(figures.P50OfAllMs), Text.OfAll(figures.P99OfAllMs),
                lag is { } longest ? Text.Time(longest) : "", $"{figures.Failed + figures.NotSent:N0}", passed ? "[green]passed[/]" : "[red]failed[/]");
        }

        return table;
    }

    private static Table Purchases(ReportDocument report)
    {
        var figures = report.Purchases;
        var table = NewTable($"Purchases of run {report.RunId}{(report.Stopped ? ", stopped early" : "")}", "", "", "");
        table.AddRow(
            "acknowledged", $"{figures.Acknowledged:N0}", $"{figures.AcknowledgedPerSecond:N0}/s in {Duration.Format(TimeSpan.FromSeconds(figures.ElapsedSeconds))}");
        table.AddRow("failed", $"{figures.Failed:N0}", "");
        table.AddRow("not sent", $"{figures.NotSent:N0}", "no connection was free in time");
        table.AddRow("waited", $"{figures.Waited:N0}", "for a free connection; in the latency");
        table.AddRow("retries", $"{figures.Retries:N0}", "");
        table.AddRow("connections", $"{figures.Connections:N0}", "at most, at a time");
        foreach (var (error, count) in figures.Errors)
        {
            table.AddRow($"[red]{error.EscapeMarkup()}[/]", $"{count:N0}", "failed attempts");
        }

        if (report.Generator is { Purchases: > 0 } generator)
        {
            table.AddRow("generator", Text.Time(generator.CpuMs / generator.Purchases), "processor time per purchase");
        }

        return table;
    }

    private static Table Latencies(ReportDocument report)
    {
        var columns = new List<(string Name, ReportLatency Times)>
        {
            ("acknowledged after", report.Purchases.LatencyMs),
            ("started late by", report.Purchases.StartDelayMs),
        };
        if (report.RecordingLagMs is { } lag)
        {
            columns.Add(("recording lag", lag));
        }

        var table = NewTable("Times from when a purchase was due", [.. columns.Select(column => column.Name).Prepend("")]);
        foreach (var percent in ReportLatency.Percents)
        {
            Row($"p{percent}", times => times.At(percent));
        }

        Row("max", times => times.Max);
        Row("mean", times => times.Mean);
        if (report is { RecordingLagMs: null, RecordingLagProblem: { } problem })
        {
            table.Caption($"The recording lag is not known: {problem.EscapeMarkup()}");
        }

        return table;

        void Row(string name, Func<ReportLatency, double> figure) =>
            table.AddRow([name, .. columns.Select(column => Text.Time(figure(column.Times)))]);
    }

    private static Table Verified(ReportVerification verification)
    {
        var table = NewTable($"Verified in {Text.Time(verification.ElapsedMs)}", "", "", "");
        Row("acknowledged", verification.Acknowledged, "warm-up included");
        Row("found", verification.Found, "exactly once, unless doubled");
        Row("lost", verification.Lost, "acknowledged, but in no history", isBad: true);
        Row("doubled", verification.Doubled, "recorded more than once", isBad: true);
        Row("altered", verification.Altered, "recorded with another id, user or price", isBad: true);
        Row("foreign", verification.Foreign, "recorded, but bought by nobody", isBad: true);
        Row("unchecked", verification.Unchecked, "the history could not be read", isBad: true);
        Row("unacknowledged", verification.Unacknowledged, "recorded, but the reply never arrived: allowed");
        return table;

        void Row(string name, long count, string meaning, bool isBad = false) =>
            table.AddRow(name, isBad && count > 0 ? $"[red]{count:N0}[/]" : $"{count:N0}", meaning);
    }

    private static Table NewTable(string title, params string[] columns)
    {
        var table = new Table().Title($"[bold]{title.EscapeMarkup()}[/]").Border(TableBorder.Rounded);
        table.ShowHeaders = columns.Any(column => column is not "");
        for (var i = 0; i < columns.Length; i++)
        {
            var column = new TableColumn(columns[i]).NoWrap();
            table.AddColumn(i > 0 && (table.ShowHeaders || i is 1) ? column.RightAligned() : column);
        }

        return table;
    }
}
