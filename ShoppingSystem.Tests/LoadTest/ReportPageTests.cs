using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using Microsoft.Playwright;
using ShoppingSystem.LoadTest;
using ShoppingSystem.Tests.Kubernetes;
using ShoppingSystem.Tests.Pages;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.LoadTest;

/// <summary>The page that <c>--html</c> writes. It is XML, too, so that it can be read as such.</summary>
public sealed class ReportPageTests(Browser browser) : IClassFixture<Browser>, IDisposable
{
    private const string Hostile = "</td><script>alert('1')</script>\u0001\ud800&amp;";

    private static readonly string[] Charts = ["latency", "rate", "errors", "lag", "percentiles"];
    private static readonly XNamespace Html = "http://www.w3.org/1999/xhtml";
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_page_has_every_chart_with_a_title_and_a_description()
    {
        var page = await WriteAsync(Reports.Verified());

        Assert.All(Charts, chart =>
        {
            var svg = Chart(page, chart).Element(Svg + "svg")!;
            Assert.Equal("img", svg.Attribute("role")!.Value);
            var ids = svg.Attribute("aria-labelledby")!.Value.Split(' ');
            Assert.Equal([Svg + "title", Svg + "desc"], ids.Select(id => page.Descendants().Single(element => element.Attribute("id")?.Value == id).Name));
            Assert.NotEmpty(svg.Element(Svg + "desc")!.Value);
        });
        Assert.Equal("p50: 2 ms to 2.2 ms. p99: 8 ms to 8 ms. max: 33 ms to 33 ms.", Description(page, "latency"));
        Assert.Equal("No attempt failed.", Description(page, "errors"));
    }

    [Fact]
    public async Task The_page_needs_no_script_and_nothing_from_elsewhere()
    {
        var page = await WriteAsync(Reports.WithErrors(Reports.Verified(), ("HTTP 503", 3)), Reports.Calm());

        Assert.DoesNotContain(page.Descendants(), element => element.Name.LocalName is "script" or "link" or "img" or "iframe" or "object");
        Assert.DoesNotContain(page.Descendants().Attributes(), attribute => attribute.Name.LocalName is "src" or "href" or "style" || attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal));
        var style = page.Descendants(Html + "style").Single().Value;
        Assert.DoesNotContain("url(", style, StringComparison.Ordinal);
        Assert.DoesNotContain("@import", style, StringComparison.Ordinal);
        // An HTML parser does not unescape a style.
        Assert.DoesNotContain(style, c => c is '<' or '>' or '&');
    }

    [Fact]
    public async Task The_page_shows_the_figures_of_the_JSON_and_how_it_was_run()
    {
        var report = Reports.WithErrors(Reports.Verified(), ("HTTP 503", 3), ("connection lost", 1));
        var json = Path.Combine(_folder.Path, "result.json");
        await JsonReport.WriteAsync(json, report);
        using var written = JsonDocument.Parse(await File.ReadAllBytesAsync(json));

        var page = await WriteAsync(report);

        var purchases = written.RootElement.GetProperty("purchases");
        Assert.Equal(purchases.GetProperty("acknowledged").GetInt64().ToString("N0", CultureInfo.InvariantCulture), Cells(page, "Purchases", "acknowledged").Single());
        Assert.Equal(purchases.GetProperty("failed").GetInt64().ToString("N0", CultureInfo.InvariantCulture), Cells(page, "Purchases", "failed").Single());
        Assert.Equal(purchases.GetProperty("errors").GetProperty("HTTP 503").GetInt64(), long.Parse(Cells(page, "Failed attempts", "HTTP 503").Single(), CultureInfo.InvariantCulture));
        Assert.All(
            ((string, JsonElement)[])[("Acknowledged after", purchases.GetProperty("latencyMs")), ("Started late by", purchases.GetProperty("startDelayMs")), ("Recording lag", written.RootElement.GetProperty("recordingLagMs"))],
            group => Assert.All(
                (string[])["p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99", "max", "mean"],
                name => Assert.Equal(Text.Time(group.Item2.GetProperty(name).GetDouble()), Cells(page, group.Item1, name).Single())));
        Assert.Equal("1,017", Cells(page, "Verified", "found").Single());
        Assert.Equal(
            ["--rate 100 --duration 10s", "http://shop.example/", "2026-05-04 03:02:01 UTC", "10 s", "100", "0badcafe"],
            Table(page, "run").Descendants(Html + "td").Select(cell => cell.Value.Trim()));
    }

    [Fact]
    public async Task Every_table_has_a_caption_and_every_row_a_heading()
    {
        var page = await WriteAsync(Reports.Verified(), Reports.Calm());

        var tables = page.Descendants(Html + "table").ToList();
        Assert.Equal(2, tables.Count);
        Assert.All(tables, table =>
        {
            Assert.NotEmpty(table.Element(Html + "caption")!.Value);
            Assert.All(table.Elements(Html + "tbody").Elements(Html + "tr"), row => Assert.NotNull(row.Elements(Html + "th").Single().Attribute("scope")));
        });
    }

    [Fact]
    public async Task Text_of_others_is_shown_and_not_obeyed()
    {
        var report = Reports.WithErrors(Reports.Calm(), (Hostile, 3)) with
        {
            Arguments = ["--url", "http://a/<b>"],
            Url = new Uri("http://a/<script>alert(1)</script>"),
            Verification = new(false, true, 5, 4, 1, 0, 0, 0, 0, 0, 10, [Hostile]),
        };

        var page = await WriteAsync(report, report);

        Assert.Empty(page.Descendants(Html + "script"));
        var shown = Hostile.Replace('\u0001', '\uFFFD').Replace('\ud800', '\uFFFD');
        Assert.Equal(["33", "33", "1.00"], Cells(page, "Failed attempts", shown));
        Assert.Contains(page.Descendants(Html + "p"), example => example.Value == shown);
        Assert.Contains("--url 'http://a/<b>'", Table(page, "run").Value, StringComparison.Ordinal);
    }

    [NeedsFact<Browser>]
    public async Task A_browser_runs_no_text_of_others_either()
    {
        var file = await WriteFileAsync(Reports.WithErrors(Reports.Calm(), (Hostile, 3)), null);

        await using var tab = await browser.OpenAsync(new Uri(file), "window.alert = () => { throw new Error('alert'); };");

        Assert.Equal(0, await tab.Page.Locator("main script").CountAsync());
        Assert.Equal(5, await tab.Page.Locator("svg[role=img] > title").CountAsync());
        Assert.Contains("<script>", await tab.Page.Locator("table.figures").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Empty(tab.Problems);
    }

    [Fact]
    public async Task The_verdict_comes_first_in_one_sentence()
    {
        Assert.Equal("Nothing was verified: the run was without --verify.", await VerdictAsync(Reports.Calm()));
        Assert.Equal("Every acknowledged purchase is recorded exactly once.", await VerdictAsync(Reports.Verified()));
        Assert.Equal(
            "NOT every acknowledged purchase is recorded exactly once: 3 lost, 1 foreign.",
            await VerdictAsync(Reports.Calm() with { Verification = new(false, true, 1017, 1014, 3, 0, 0, 1, 0, 0, 10, []) }));
        Assert.Equal(
            "Not every history could be read: nothing is proven, with 17 purchases unchecked.",
            await VerdictAsync(Reports.Calm() with { Verification = new(true, false, 1017, 1000, 0, 0, 0, 0, 17, 0, 10, []) }));
        var calm = Reports.Calm();
        Assert.Equal("Not one purchase was acknowledged.", await VerdictAsync(calm with { Purchases = calm.Purchases with { Acknowledged = 0 } }));

        async Task<string> VerdictAsync(ReportDocument report)
        {
            var main = (await WriteAsync(report)).Descendants(Html + "main").Single();
            return main.Elements().Skip(1).First().Value;
        }
    }

    [Fact]
    public async Task An_earlier_run_is_beside_it_in_the_table_and_in_the_charts()
    {
        var before = Reports.Calm();
        var now = Reports.WithErrors(before with { Purchases = before.Purchases with { Acknowledged = 2034 } }, ("timeout", 2));

        var page = await WriteAsync(now, before);

        Assert.Equal(["1,017", "2,034", "2.00"], Cells(page, "Purchases", "acknowledged"));
        Assert.Equal(["0", "22", "–"], Cells(page, "Failed attempts", "timeout"));
        Assert.Equal(["8 ms", "8 ms", "1.00"], Cells(page, "Acknowledged after", "p99"));
        Assert.All(Charts, chart =>
        {
            var lines = Lines(page, chart).ToList();
            Assert.Equal(lines.Count, 2 * lines.Count(line => line.Attribute("class")!.Value.EndsWith(" before", StringComparison.Ordinal)));
            Assert.Contains(" before: ", Description(page, chart), StringComparison.Ordinal);
        });
        Assert.DoesNotContain(Lines(await WriteAsync(now), "latency"), line => line.Attribute("class")!.Value.Contains("before", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_end_of_a_load_is_not_drawn_as_a_fall_of_the_rate()
    {
        var page = await WriteAsync(Reports.Calm());

        Assert.Equal("due: 100 to 100. acknowledged: 100 to 101. failed: 0 to 0.", Description(page, "rate"));
        Assert.All(Lines(page, "rate"), line => Assert.Equal(10, PointsOf(line)));
        Assert.All(Lines(page, "latency"), line => Assert.Equal(11, PointsOf(line)));
    }

    [Fact]
    public async Task A_second_without_a_figure_is_a_gap_in_the_line()
    {
        var report = Reports.Calm();

        var page = await WriteAsync(report with
        {
            Seconds = [.. report.Seconds.Select((second, i) => i is 4 or 6 ? second with { P50Ms = 0, P99Ms = 0, MaxMs = 0, LagMs = null } : second)],
        });

        Assert.All(
            Lines(page, "latency").Concat(Lines(page, "lag")),
            line => Assert.Equal((3, 9), (line.Attribute("d")!.Value.Count(c => c is 'M'), PointsOf(line))));
    }

    [Fact]
    public async Task A_long_run_is_drawn_with_as_many_points_as_there_is_room_for_and_keeps_its_worst_second()
    {
        var report = Reports.Calm();
        var hour = Enumerable.Range(1, 3600).Select(at => report.Seconds[0] with { SinceStart = at, At = at, MaxMs = at is 1234 ? 4000 : 33 });

        var page = await WriteAsync(report with { Seconds = [.. hour] });

        Assert.All(Lines(page, "latency"), line => Assert.Equal(300, PointsOf(line)));
        Assert.Contains("max: 33 ms to 4 s.", Description(page, "latency"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_in_which_nothing_was_acknowledged_has_all_charts_too()
    {
        var report = Reports.Calm();
        var none = new ReportLatency(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

        var page = await WriteAsync(report with { Seconds = [], RecordingLagMs = null, Purchases = report.Purchases with { Acknowledged = 0, LatencyMs = none } });

        Assert.All(Charts, chart => Assert.Empty(Lines(page, chart)));
        Assert.Equal("Not one purchase was acknowledged.", Description(page, "latency"));
    }

    [NeedsTheory<Browser>]
    [MemberData(nameof(Looks.Cases), 1280, MemberType = typeof(Looks))]
    public async Task Everybody_can_read_the_page(ColorScheme scheme, int width)
    {
        var file = await WriteFileAsync(
            Reports.WithErrors(Reports.Verified(), ("HTTP 503", 3), ("connection lost", 1), ("timeout", 1), ("HTTP 429", 1), ("HTTP 500", 1)), Reports.Calm());

        await using var tab = await browser.OpenAsync(new Uri(file), null, Looks.Of(scheme, width));

        await tab.IsAccessibleAsync(width);
        Assert.Empty(tab.Problems);
    }

    private static XElement Chart(XDocument page, string id) => page.Descendants(Html + "figure").Single(figure => figure.Attribute("id")!.Value == id);

    private static string Description(XDocument page, string chart) => Chart(page, chart).Descendants(Svg + "desc").Single().Value;

    private static IEnumerable<XElement> Lines(XDocument page, string chart) =>
        Chart(page, chart).Descendants(Svg + "path").Where(path => path.Attribute("class")!.Value != "rule");

    private static int PointsOf(XElement line) => line.Attribute("d")!.Value.Count(c => c is 'M' or 'L');

    private static XElement Table(XDocument page, string name) => page.Descendants(Html + "table").Single(table => table.Attribute("class")!.Value == name);

    private static IEnumerable<string> Cells(XDocument page, string group, string row) => Table(page, "figures").Elements(Html + "tbody")
        .Single(body => body.Descendants(Html + "th").First().Value == group)
        .Elements(Html + "tr").Single(line => line.Elements(Html + "th").Single() is var head && head.Attribute("scope")!.Value is "row" && head.Value == row)
        .Elements(Html + "td").Select(cell => cell.Value);

    private async Task<XDocument> WriteAsync(ReportDocument report, ReportDocument? baseline = null) => XDocument.Load(await WriteFileAsync(report, baseline), LoadOptions.PreserveWhitespace);

    private async Task<string> WriteFileAsync(ReportDocument report, ReportDocument? baseline)
    {
        var file = Path.Combine(_folder.Path, "report.html");
        await ReportPage.WriteAsync(file, report, baseline);
        return file;
    }
}
