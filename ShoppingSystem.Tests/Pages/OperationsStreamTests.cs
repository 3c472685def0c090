using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using ShoppingSystem.Ledger;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Pages;

/// <summary>How the operations page reads the stream of statistics, however it comes and however long.</summary>
[Collection(OperationsPageGroup.Name)]
public sealed class OperationsStreamTests(Browser browser)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [NeedsFact<Browser>]
    public async Task The_stream_may_be_cut_anywhere_and_written_in_any_way_that_the_standard_allows()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        await using var page = await OperationsPage.OpenAsync(browser, ledger.Address);
        await Eventually.TrueAsync(() => ledger.Connections == 1, "the page listens");
        var reply = ScriptedLedger.Calm with { Process = ScriptedLedger.Calm.Process with { Latest = [ScriptedLedger.Purchase("買う, \"€\" \\ 🍋", 12.00m)] } };
        using var json = JsonDocument.Parse(ScriptedLedger.Json(reply));
        var lines = JsonSerializer.Serialize(json.RootElement, Indented)
            .ReplaceLineEndings("\n").Split('\n');
        Assert.True(lines.Length > 20);
        string[] ends = ["\n", "\r\n", "\r"];
        var text = new StringBuilder("\uFEFF: a comment\r\n: another\n\nevent: other\rdata: {\"recorded\":\"wrong\"}\r\r\nid: 7\nretry\ndata");
        text.Append(":\n").AppendJoin("", lines.Select((line, i) => $"data:{(i % 2 == 0 ? " " : "")}{line}{ends[i % 3]}")).Append("\r\n");
        foreach (var piece in Encoding.UTF8.GetBytes(text.ToString()).Chunk(7))
        {
            ledger.Send(piece);
        }

        await Expect(page.Recorded).ToHaveTextAsync("12,345");
        await Expect(page.Latest.Locator(".row-item")).ToHaveTextAsync("買う, \"€\" \\ 🍋");
        await Expect(page.Latest.Locator(".row-price")).ToHaveTextAsync("$12.00");
        Assert.Empty(page.Tab.Problems);
    }

    [NeedsFact<Browser>]
    public async Task An_event_that_the_page_does_not_understand_is_reported_and_does_not_stop_it()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        await using var page = await OperationsPage.OpenAsync(browser, ledger.Address);
        foreach (var nonsense in (string[])["no JSON", "null", "{}", """{"recorded":1,"process":{"name":"from the future"}}"""])
        {
            ledger.Send(Encoding.UTF8.GetBytes($"data: {nonsense}\n\n"));
            await Expect(page.Detail).ToHaveTextAsync("This page does not understand what the server says; reload it.");
        }

        ledger.KeepSaying(ScriptedLedger.Calm);
        await Expect(page.Headline).ToHaveTextAsync("All is well");
        await Expect(page.Recorded).ToHaveTextAsync("12,345");
        Assert.Empty(page.Tab.Problems);
    }

    [NeedsFact<Browser>]
    public async Task The_event_stream_parser_gives_the_same_events_wherever_the_stream_is_cut()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        await using var page = await OperationsPage.OpenAsync(browser, ledger.Address);
        const string Stream = "\uFEFFdata: a\r\ndata: b\r\n\r\n:c\rdata:d\r\rdata\n\nevent: e\ndata:  f:g\n\nid\r\n\r\n\ndata: h\n\r\ndata: never finished\n";

        var said = await page.Page.EvaluateAsync<string[]>(
            """
            async stream => {
                const { EventStreamParser } = await import("/operations/event-stream.js");
                const said = new Set();
                for (let first = 0; first <= stream.length; first++) {
                    for (let second = first; second <= stream.length; second++) {
                        const events = [];
                        const parser = new EventStreamParser(({ type, data }) => events.push(`${type}=${data}`));
                        [stream.slice(0, first), stream.slice(first, second), stream.slice(second)].forEach(piece => parser.push(piece));
                        said.add(JSON.stringify(events));
                    }
                }
                return [...said];
            }
            """,
            Stream);

        Assert.Equal("""["message=a\nb","message=d","message=","e= f:g","message=h"]""", Assert.Single(said));
    }

    [NeedsFact<Browser>]
    public async Task A_thousand_events_a_second_neither_grow_the_page_nor_hold_it_up()
    {
        const int Events = 5_000;
        await using var ledger = await ScriptedLedger.StartAsync();
        await using var page = await OperationsPage.OpenAsync(browser, ledger, Statistics(0));
        await Expect(page.Latest).ToHaveCountAsync(20);
        await Eventually.TrueAsync(() => page.Page.EvaluateAsync<bool>("document.querySelectorAll('canvas')[0].width > 0"), "the charts are there");
        await page.Page.EvaluateAsync("""
            () => {
                window.startedAt = performance.now();
                window.paintings = 0;
                const { clearRect } = CanvasRenderingContext2D.prototype;
                CanvasRenderingContext2D.prototype.clearRect = function (...where) {
                    window.paintings++;
                    return clearRect.apply(this, where);
                };
                window.announcements = 0;
                new MutationObserver(changes => window.announcements += changes.length)
                    .observe(document.getElementById("state-news"), { childList: true, characterData: true, subtree: true });
            }
            """);
        var nodes = await page.CountNodesAsync();

        await Flood(1, Events / 2);
        await Expect(page.Recorded).ToHaveTextAsync((Events / 2).ToString("N0", CultureInfo.InvariantCulture));
        Assert.Equal(nodes, await page.CountNodesAsync());
        var paintings = await page.Page.EvaluateAsync<int>("window.paintings");
        var tenths = await page.Page.EvaluateAsync<double>("(performance.now() - window.startedAt) / 100");
        Assert.InRange(paintings, 1, 2 * (tenths + 2));

        // Meanwhile the page does what it is told.
        var flood = Flood((Events / 2) + 1, Events);
        await page.PressAsync("Pause");
        await Expect(page.Connection).ToHaveTextAsync(new Regex("^Paused at"));
        var paused = await page.Recorded.TextContentAsync();
        await page.Page.Locator("#rate-chart summary").ClickAsync();
        await flood;
        Assert.Equal(paused, await page.Recorded.TextContentAsync());
        await page.PressAsync("Resume");
        await Expect(page.Recorded).ToHaveTextAsync(Events.ToString("N0", CultureInfo.InvariantCulture));
        await Expect(page.Latest.First).ToContainTextAsync($"no. {Events}");

        Assert.Equal(nodes, await page.CountNodesAsync());
        Assert.InRange(await page.Page.EvaluateAsync<int>("window.announcements"), 0, 2);
        Assert.Empty(page.Tab.Problems);

        async Task Flood(int from, int to)
        {
            for (var i = from; i <= to; i++)
            {
                ledger.Send(ScriptedLedger.Event(Statistics(i)));
                if (i % 50 == 0)
                {
                    await Task.Delay(50);
                }
            }

            ledger.KeepSaying(Statistics(to));
        }

        static StatisticsReply Statistics(int number) => ScriptedLedger.Calm with
        {
            Recorded = number,
            Process = ScriptedLedger.Calm.Process with
            {
                RecordedPerSecond = number,
                Latest = [.. Enumerable.Range(0, 20).Select(i => ScriptedLedger.Purchase($"no. {number}-{i}", 1))],
            },
        };
    }

    [NeedsFact<Browser>]
    public async Task A_page_that_is_left_open_keeps_nothing_of_what_it_has_shown()
    {
        const int Warm = 500;
        const int Events = 5_000;
        await using var ledger = await ScriptedLedger.StartAsync();
        ledger.KeepSaying(Statistics(0));
        await using var page = await OperationsPage.OpenAsync(browser, ledger.Address, """
            ;Object.defineProperty(document, "visibilityState", { get: () => (window.isHidden ? "hidden" : "visible") });
            window.hide = isHidden => {
                window.isHidden = isHidden;
                document.dispatchEvent(new Event("visibilitychange"));
            };
            """);
        var devTools = await page.Page.Context.NewCDPSessionAsync(page.Page);
        await Say(1, Warm);
        var (heap, nodes) = (await HeapAsync(), await NodesAsync());

        await Say(Warm + 1, Warm + Events);

        // Less than if the text of every tenth event had stayed.
        Assert.InRange(await HeapAsync() - heap, long.MinValue, Events * ScriptedLedger.Event(Statistics(1)).Length / 10);
        Assert.InRange(await NodesAsync(), 0, nodes + 20);
        Assert.Empty(page.Tab.Problems);

        // While nobody looks, every event is taken; who looks now and then has it painted.
        async Task Say(int from, int to)
        {
            for (var i = from; i <= to; i++)
            {
                ledger.Send(ScriptedLedger.Event(Statistics(i)));
                if (i % 50 == 1)
                {
                    await page.Page.EvaluateAsync("window.hide(true)");
                }
                else if (i % 50 == 0 || i == to)
                {
                    ledger.KeepSaying(Statistics(i));
                    await page.Page.EvaluateAsync("window.hide(false)");
                    await Expect(page.Recorded).ToHaveTextAsync(i.ToString("N0", CultureInfo.InvariantCulture));
                }
            }
        }

        async Task<long> HeapAsync()
        {
            await devTools.SendAsync("HeapProfiler.collectGarbage");
            return (await devTools.SendAsync("Runtime.getHeapUsage"))!.Value.GetProperty("usedSize").GetInt64();
        }

        Task<int> NodesAsync() => page.CountNodesAsync();

        // Replicas that take turns to answer, as behind one address, with partitions that come and go.
        static StatisticsReply Statistics(int number) => ScriptedLedger.Calm with
        {
            Recorded = number,
            Lag = [.. Enumerable.Range(number % 12, 3).Select(partition => new LagReply(partition, number))],
            Process = ScriptedLedger.Calm.Process with
            {
                Name = $"replica-{number / 50}",
                Latest = [.. Enumerable.Range(0, 20).Select(i => ScriptedLedger.Purchase($"no. {number}-{i}", 1))],
            },
        };
    }

    [NeedsFact<Browser>]
    public async Task Observations_of_six_hours_are_kept_for_a_quarter_of_an_hour()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        await using var page = await OperationsPage.OpenAsync(browser, ledger, ScriptedLedger.Calm);

        var kept = await page.Page.EvaluateAsync<int[]>("""
            async () => {
                const { Observations } = await import("/operations/observations.js");
                const observations = new Observations();
                const sixHours = 6 * 60 * 60;
                for (let second = 1; second <= sixHours; second++) {
                    const process = { recorder: { state: "recording" }, name: `replica-${second % 3}`, started: "1", recordedPerSecond: String(second), latencyMs: { p50: "1", p95: "2", p99: null } };
                    observations.take({ process }, second * 1000);
                }
                let seconds = 0;
                for (let second = 1; second <= sixHours; second++) {
                    seconds += observations.series.has(second) ? 1 : 0;
                }
                return [seconds, observations.series.at(sixHours, "rate"), observations.series.first(1, sixHours), observations.marks.length];
            }
            """);

        Assert.Equal([15 * 60, 6 * 60 * 60, (6 * 60 * 60) - (15 * 60) + 1, 20], kept);
    }
}
