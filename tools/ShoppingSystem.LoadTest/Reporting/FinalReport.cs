using Spectre.Console;

namespace ShoppingSystem.LoadTest;

/// <summary>The tables at the end of a load test.</summary>
internal static class FinalReport
{
    private static readonly double[] Percentiles = [50, 75, 90, 95, 99, 99.9, 99.99];

    public static void Print(IAnsiConsole console, LoadTestResult result)
    {
        if (result.Steps.Count > 0)
        {
            console.Write(Steps(result));
            console.MarkupLine(result.HighestRate is { } rate
                ? $"[green]Highest rate with {Limits(result.Plan.Search!)}: {rate:N0}/s[/]"
                : $"[red]No rate kept {Limits(result.Plan.Search!)}.[/]");
        }

        console.Write(Purchases(result));
        console.Write(Latencies(result));
        if (result.Verification is { } verification)
        {
            console.Write(Verified(verification));
            foreach (var example in verification.Examples)
            {
                console.MarkupLineInterpolated($"[red]{example}[/]");
            }

            console.MarkupLine(verification switch
            {
                { Passed: false } => "[red]NOT every acknowledged purchase is recorded exactly once.[/]",
                { Complete: false } => "[yellow]Not every history could be read: nothing is proven.[/]",
                _ => "[green]Every acknowledged purchase is recorded exactly once.[/]",
            });
        }
    }

    private static string Limits(SearchPlan search) =>
        $"p99 within {Duration.Format(search.P99)}{(search.MaxLag is { } lag ? $" and recorded within {Duration.Format(lag)}" : "")}";

    private static Table Steps(LoadTestResult result)
    {
        var table = NewTable("Search", "rate", "acknowledged/s", "p50", "p99", "recording lag", "failed", "");
        foreach (var (rate, passed, figures, lag) in result.Steps)
        {
            table.AddRow(
                $"{rate:N0}/s", $"{figures.AcknowledgedPerSecond:N0}", Text.Latency(figures, 50), Text.Latency(figures, 99),
                lag is { } longest ? Duration.Format(longest) : "", $"{figures.Failed + figures.NotSent:N0}", passed ? "[green]passed[/]" : "[red]failed[/]");
        }

        return table;
    }

    private static Table Purchases(LoadTestResult result)
    {
        var figures = result.Traffic;
        var table = NewTable($"Purchases of run {result.RunId}{(result.Stopped ? ", stopped early" : "")}", "", "", "");
        table.AddRow("acknowledged", $"{figures.Acknowledged:N0}", $"{figures.AcknowledgedPerSecond:N0}/s in {Duration.Format(figures.Elapsed)}");
        table.AddRow("failed", $"{figures.Failed:N0}", "");
        table.AddRow("not sent", $"{figures.NotSent:N0}", "no connection was free in time");
        table.AddRow("waited", $"{figures.Waited:N0}", "for a free connection; in the latency");
        table.AddRow("retries", $"{figures.Retries:N0}", "");
        table.AddRow("connections", $"{figures.Connections:N0}", "at most, at a time");
        foreach (var (error, count) in figures.Errors)
        {
            table.AddRow($"[red]{error.EscapeMarkup()}[/]", $"{count:N0}", "failed attempts");
        }

        if (result.GeneratorPurchases > 0)
        {
            table.AddRow(
                "generator", Duration.Format(result.GeneratorCpu / result.GeneratorPurchases), "processor time per purchase");
        }

        return table;
    }

    private static Table Latencies(LoadTestResult result)
    {
        var columns = new List<(string Name, LatencyHistogram Times)>
        {
            ("acknowledged after", result.Traffic.Latency),
            ("started late by", result.Traffic.StartDelay),
        };
        if (result.Lag is { Lag: { Count: > 0 } lag })
        {
            columns.Add(("recording lag", lag));
        }

        var table = NewTable("Times from when a purchase was due", [.. columns.Select(column => column.Name).Prepend("")]);
        foreach (var percent in Percentiles)
        {
            Row($"p{percent}", times => times.Percentile(percent));
        }

        Row("max", times => times.Max);
        Row("mean", times => times.Mean);
        if (result.Lag is { Lag.Count: 0, Problem: { } problem })
        {
            table.Caption($"The recording lag is not known: {problem.EscapeMarkup()}");
        }

        return table;

        void Row(string name, Func<LatencyHistogram, TimeSpan> figure) =>
            table.AddRow([name, .. columns.Select(column => Duration.Format(figure(column.Times)))]);
    }

    private static Table Verified(Verification verification)
    {
        var table = NewTable($"Verified in {Duration.Format(verification.Elapsed)}", "", "", "");
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
