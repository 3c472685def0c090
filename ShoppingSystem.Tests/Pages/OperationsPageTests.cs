using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using ShoppingSystem.Ledger;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Pages;

/// <summary>
/// The operations page in a real browser: against the real services, and against a scripted stream where they can't be made
/// to say what is tested.
/// </summary>
public sealed class OperationsPageTests(Browser browser) : IClassFixture<Browser>
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly byte[] NoPrice = """{"userid":"ada","username":"Ada","item":"<img src=x onerror=document.title='hacked'> 買う"}"""u8.ToArray();
    private static readonly byte[] NoJson = "not json at all"u8.ToArray();
    private static readonly byte[] NoText = [0xFF, 0x00, 0xFE, 0x41];

    [NeedsFact<Browser>]
    public async Task Figures_follow_what_is_bought()
    {
        await using var shop = await InProcessShop.StartAsync();
        await using var tab = await browser.OpenAsync(shop.Management.BaseAddress!, ShopPageTests.Listen);
        var page = tab.Page;
        await Expect(Headline(page)).ToHaveTextAsync("All is well");
        await Expect(page).ToHaveTitleAsync("All is well · Operations");
        await Expect(page.Locator("#connection")).ToHaveTextAsync("Live");
        await Expect(page.Locator("#recorded")).ToHaveTextAsync("0");
        await Expect(page.GetByText("None yet.")).ToBeVisibleAsync();
        await Expect(page.Locator("#latency-chart-sum")).ToHaveTextAsync("Nothing was recorded in this time.");

        await shop.Shop.BuyAsync("ada", "12.50", key: "k", item: "Teapot");
        await Expect(page.Locator("#recorded")).ToHaveTextAsync("1");
        await using (var another = await StorefrontHost.StartAsync(shop.Storage.Log))
        {
            // A web server that does not remember the key.
            await another.Client.BuyAsync("ada", "12.50", key: "k", item: "Teapot");
        }

        await Expect(page.Locator("#duplicates")).ToHaveTextAsync("1");
        await shop.Shop.BuyAsync("ada", "0.1000", item: "<b>Lemon</b>");
        await Expect(page.Locator("#recorded")).ToHaveTextAsync("2");
        await Expect(page.Locator("#process-recorded")).ToHaveTextAsync("2");
        await Expect(page.Locator("#process")).ToHaveTextAsync(Environment.MachineName);

        await Expect(Latest(page)).ToHaveCountAsync(2);
        await Expect(Latest(page).First).ToContainTextAsync("<b>Lemon</b>");
        await Expect(Latest(page).First.Locator(".row-price")).ToHaveTextAsync("$0.1000");
        await Expect(Latest(page).Last.Locator(".row-price")).ToHaveTextAsync("$12.50");
        await Expect(page.GetByRole(AriaRole.List, new() { Name = "Lag by partition" })).ToContainTextAsync("Partition 0");
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Dependencies" })).ToContainTextAsync("store");

        await Eventually.TrueAsync(
            async () =>
            {
                await shop.Shop.BuyAsync("ada");
                return !(await page.Locator("#rate-chart-sum").TextContentAsync())!.Contains("Highest 0/s", StringComparison.Ordinal);
            },
            "the chart of purchases per second moves");
        await Expect(page.Locator("#latency-chart .legend")).ToContainTextAsync(new Regex(@"p50 [\d.]+ m?s.*p95 [\d.]+ m?s.*p99 [\d.]+ m?s"));
        await Expect(page.Locator("#latency-chart-sum")).ToContainTextAsync("Highest p99");
        Assert.Empty(tab.Problems);
    }

    [NeedsFact<Browser>]
    public async Task A_chart_draws_something_and_can_be_read_as_a_table()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        ledger.KeepSaying(ScriptedLedger.Calm);
        await using var tab = await browser.OpenAsync(ledger.Address, ShopPageTests.Listen);
        var page = tab.Page;
        await page.GetByRole(AriaRole.Radio, new() { Name = "1 min" }).CheckAsync();
        var chart = page.GetByRole(AriaRole.Img, new() { Name = "Recorded per second" });
        await Expect(chart).ToHaveAccessibleDescriptionAsync("Highest 7/s, mean 7/s.");
        await Eventually.TrueAsync(
            () => chart.EvaluateAsync<bool>("""
                canvas => {
                    const [r, g, b] = getComputedStyle(canvas).getPropertyValue("--chart-1").match(/\w\w/g).map(hex => parseInt(hex, 16));
                    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                    return data.some((_, i) => i % 4 === 0 && data[i] === r && data[i + 1] === g && data[i + 2] === b && data[i + 3] === 255);
                }
                """),
            "the line is drawn in its colour");

        await page.Locator("#latency-chart summary").ClickAsync();
        var table = page.GetByRole(AriaRole.Table);
        await Expect(table.GetByRole(AriaRole.Columnheader)).ToHaveTextAsync(["From", "Highest p50", "Highest p95", "Highest p99"]);
        await Expect(table.GetByRole(AriaRole.Row)).ToHaveCountAsync(11);
        await Expect(table).ToContainTextAsync("9.25 ms");

        await page.ReloadAsync();
        await Expect(page.GetByRole(AriaRole.Radio, new() { Name = "1 min" })).ToBeCheckedAsync();
    }

    [NeedsFact<Browser>]
    public async Task A_killed_service_is_told_what_is_shown_is_marked_as_old_and_the_page_comes_back_by_itself()
    {
        var data = StandaloneProcess.NewDataDirectory();
        try
        {
            await using var first = await StandaloneProcess.StartAsync(data);
            await using var tab = await browser.OpenAsync(first.Management.BaseAddress!, ShopPageTests.Listen);
            var page = tab.Page;
            await first.Shop.BuyAsync("ada");
            await Expect(page.Locator("#recorded")).ToHaveTextAsync("1");

            await first.KillAsync();
            await ShopPageTests.Heard(page, "No news for ");
            await Expect(Headline(page)).ToHaveTextAsync(new Regex(@"^No news for \d+ s$"));
            await Expect(page.Locator("#verdict-detail")).ToHaveTextAsync(new Regex(@"^What you see is from .*\. .*Trying again"));
            await Expect(page.Locator("#connection")).ToHaveTextAsync(new Regex("Disconnected|Connecting"));
            await Expect(page.Locator("body")).ToHaveClassAsync("stale");
            await Expect(page).ToHaveTitleAsync("✖ No news · Operations");
            await Expect(page.Locator("#recorded")).ToHaveTextAsync("1");

            await using var second = await first.StartAgainAsync();
            await Expect(page.Locator("#connection")).ToHaveTextAsync("Live");
            await Expect(Headline(page)).ToHaveTextAsync("All is well");
            await Expect(page.Locator("body")).Not.ToHaveClassAsync("stale");
            await Expect(page.Locator("#process-recorded")).ToHaveTextAsync("0");
            await second.Shop.BuyAsync("ada");
            await Expect(page.Locator("#recorded")).ToHaveTextAsync("2");
            await Expect(page.Locator("#process-recorded")).ToHaveTextAsync("1");
            Assert.Empty(tab.ProblemsOfThePage);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [NeedsFact<Browser>]
    public async Task A_line_that_falls_silent_is_told_and_given_up()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        ledger.KeepSaying(ScriptedLedger.Calm);
        await using var tab = await browser.OpenAsync(ledger.Address, ShopPageTests.Listen);
        await Expect(tab.Page.Locator("#recorded")).ToHaveTextAsync("12,345");

        ledger.FallSilent();
        await Expect(Headline(tab.Page)).ToHaveTextAsync(new Regex("^No news for"));
        await Eventually.TrueAsync(() => ledger.Connections == 2, "it asks again");
        ledger.KeepSaying(ScriptedLedger.Calm with { Recorded = 12_346 });
        await Expect(tab.Page.Locator("#recorded")).ToHaveTextAsync("12,346");
        await Expect(Headline(tab.Page)).ToHaveTextAsync("All is well");
        Assert.Empty(tab.Problems);
    }

    [NeedsFact<Browser>]
    public async Task What_is_no_stream_is_told_and_tried_again()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        ledger.KeepSaying(ScriptedLedger.Calm);
        await using var tab = await browser.OpenAsync(ledger.Address, ShopPageTests.Listen);
        var page = tab.Page;
        await Expect(page.Locator("#connection")).ToHaveTextAsync("Live");
        await page.RouteAsync("**/stream", route => route.FulfillAsync(new() { ContentType = "text/html", Body = "<p>Maintenance</p>" }));
        await page.ReloadAsync();
        await Expect(Headline(page)).ToHaveTextAsync("The management API can’t be reached");
        await Expect(page.Locator("#verdict-detail")).ToContainTextAsync("The answer is not a stream of events. Trying again");

        await page.UnrouteAsync("**/stream");
        await page.RouteAsync("**/stream", route => route.FulfillAsync(new()
        {
            Status = 503,
            ContentType = "application/problem+json",
            Headers = new Dictionary<string, string> { ["Retry-After"] = "600" },
            Body = """{"detail":"Moving house."}""",
        }));
        await Expect(page.Locator("#verdict-detail")).ToContainTextAsync(new Regex(@"Moving house\. Trying again in \d{3} s\."));
        await page.UnrouteAsync("**/stream");
        await page.GetByRole(AriaRole.Button, new() { Name = "Try now" }).ClickAsync();
        await Expect(Headline(page)).ToHaveTextAsync("All is well");
        Assert.Empty(tab.ProblemsOfThePage);
    }

    [NeedsFact<Browser>]
    public async Task The_stream_may_be_cut_anywhere_and_written_in_any_way_that_the_standard_allows()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        await using var tab = await browser.OpenAsync(ledger.Address, ShopPageTests.Listen);
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

        await Expect(tab.Page.Locator("#recorded")).ToHaveTextAsync("12,345");
        await Expect(Latest(tab.Page).Locator(".row-item")).ToHaveTextAsync("買う, \"€\" \\ 🍋");
        await Expect(Latest(tab.Page).Locator(".row-price")).ToHaveTextAsync("$12.00");
        Assert.Empty(tab.Problems);
    }

    [NeedsFact<Browser>]
    public async Task What_the_page_does_not_understand_is_told_and_does_not_stop_it()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        await using var tab = await browser.OpenAsync(ledger.Address, ShopPageTests.Listen);
        foreach (var nonsense in (string[])["no JSON", "null", "{}", """{"recorded":1,"process":{"name":"from the future"}}"""])
        {
            ledger.Send(Encoding.UTF8.GetBytes($"data: {nonsense}\n\n"));
            await Expect(tab.Page.Locator("#verdict-detail")).ToHaveTextAsync("This page does not understand what the server says; reload it.");
        }

        ledger.KeepSaying(ScriptedLedger.Calm);
        await Expect(Headline(tab.Page)).ToHaveTextAsync("All is well");
        await Expect(tab.Page.Locator("#recorded")).ToHaveTextAsync("12,345");
        Assert.Empty(tab.Problems);
    }

    [NeedsFact<Browser>]
    public async Task Wherever_the_stream_is_cut_it_says_the_same()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        await using var tab = await browser.OpenAsync(ledger.Address, ShopPageTests.Listen);
        const string Stream = "\uFEFFdata: a\r\ndata: b\r\n\r\n:c\rdata:d\r\rdata\n\nevent: e\ndata:  f:g\n\nid\r\n\r\n\ndata: h\n\r\ndata: never finished\n";

        var said = await tab.Page.EvaluateAsync<string[]>(
            """
            async stream => {
                const { EventStreamParser } = await import("/event-stream.js");
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
    public async Task What_was_lost_from_the_log_is_told_and_a_lag_that_is_not_known_is_not_0()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        var lost = ScriptedLedger.Calm with
        {
            Process = ScriptedLedger.Calm.Process with { Lost = 1_234 },
            Dependencies = new Dictionary<string, DependencyReply> { ["recorder"] = new("degraded", "purchases were lost") },
        };
        ledger.KeepSaying(lost);
        await using var tab = await browser.OpenAsync(ledger.Address, ShopPageTests.Listen);
        var page = tab.Page;
        await Expect(Headline(page)).ToHaveTextAsync("Purchases were lost from the log");
        await Expect(page.Locator("#verdict-detail")).ToHaveTextAsync("Purchases were lost. The recorder says so until it is started again.");
        await Expect(page.Locator("#process-lost")).ToHaveTextAsync("1,234");

        ledger.KeepSaying(ScriptedLedger.Calm with { Process = ScriptedLedger.Calm.Process with { State = "held up: no right to read" }, Lag = [] });
        await Expect(Headline(page)).ToHaveTextAsync("Recording is held up");
        await Expect(page.Locator("#lag")).ToHaveTextAsync("unknown");
    }

    [NeedsFact<Browser>]
    public async Task A_recorder_that_is_held_up_a_store_that_is_away_and_lag_are_told()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        var trouble = ScriptedLedger.Calm with
        {
            Recorded = null,
            DeadLetters = null,
            Process = ScriptedLedger.Calm.Process with { State = "held up: no route to the store", RecordedPerSecond = 0, LatencyMs = new(null, null, null) },
            Lag = [.. Enumerable.Range(0, 12).Select(i => new LagReply(i, i * 100))],
            Dependencies = new Dictionary<string, DependencyReply> { ["mongodb"] = new("down", "no route to the store"), ["kafka"] = new("degraded", "1 of 3 brokers is down") },
        };
        ledger.KeepSaying(trouble);
        await using var tab = await browser.OpenAsync(ledger.Address, ShopPageTests.Listen);
        var page = tab.Page;
        await Expect(Headline(page)).ToHaveTextAsync("Recording is held up");
        await Expect(page.Locator("#verdict-detail")).ToHaveTextAsync("No route to the store. Purchases wait in the log until it works again; none is lost.");
        await ShopPageTests.Heard(page, "Recording is held up.");
        await Expect(page.Locator("#recorder-state")).ToHaveTextAsync("held up");
        await Expect(page.Locator("#recorded")).ToHaveTextAsync("unknown");
        await Expect(page.Locator("#dead")).ToHaveTextAsync("unknown");
        await Expect(page.Locator("#latency")).ToHaveTextAsync("–");
        await Expect(page.Locator("#lag")).ToHaveTextAsync("6,600");
        await Expect(page.Locator("#recorder-scale")).ToHaveTextAsync("6,600 events to record; a full bar is 2,000.");
        var bars = page.Locator("#partitions > li");
        await Expect(bars).ToHaveCountAsync(12);
        await Expect(bars.Last).ToHaveTextAsync("Partition 111,100");
        await Expect(bars.Last.Locator(".bar-fill")).ToHaveAttributeAsync("style", "inline-size: 55%;");
        await Expect(page.Locator(".dependency").First).ToHaveTextAsync("mongodbdownno route to the store");
        await Expect(page.Locator(".dependency").Last).ToHaveTextAsync("kafkadegraded1 of 3 brokers is down");

        ledger.KeepSaying(trouble with { Process = ScriptedLedger.Calm.Process });
        await Expect(Headline(page)).ToHaveTextAsync("mongodb is down");
        ledger.KeepSaying(ScriptedLedger.Calm with { Recorded = null });
        await Expect(Headline(page)).ToHaveTextAsync("The store can’t be asked");
        ledger.KeepSaying(ScriptedLedger.Calm with { Lag = [new(3, 4_000), new(4, 2)] });
        await Expect(Headline(page)).ToHaveTextAsync("Recording is behind");
        await Expect(bars).ToHaveCountAsync(2);
        ledger.KeepSaying(ScriptedLedger.Calm);
        await Expect(Headline(page)).ToHaveTextAsync("All is well");
        await ShopPageTests.Heard(page, "All is well.");
        Assert.Empty(tab.Problems);
    }

    [NeedsFact<Browser>]
    public async Task When_another_process_answers_the_page_says_which()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        ledger.KeepSaying(ScriptedLedger.Calm);
        await using var tab = await browser.OpenAsync(ledger.Address, ShopPageTests.Listen);
        await Expect(tab.Page.Locator("#process")).ToHaveTextAsync("replica-1");
        ledger.KeepSaying(ScriptedLedger.Calm with { Process = ScriptedLedger.Calm.Process with { Name = "replica-2", Recorded = 9 } });
        await Expect(tab.Page.Locator("#process")).ToHaveTextAsync("replica-2");
        await Expect(tab.Page.Locator("#process-recorded")).ToHaveTextAsync("9");
    }

    [NeedsFact<Browser>]
    public async Task A_dead_letter_is_inspected_replayed_in_vain_corrected_and_gone()
    {
        await using var shop = await InProcessShop.StartAsync(events: [NoJson, NoPrice]);
        await using var tab = await browser.OpenAsync(shop.Management.BaseAddress!, ShopPageTests.Listen);
        var page = tab.Page;
        await Expect(Headline(page)).ToHaveTextAsync("2 dead letters wait for you");
        await Expect(page.Locator("#dead")).ToHaveTextAsync("2");
        await Expect(Letters(page)).ToHaveCountAsync(2);

        await Inspect(page, 1);
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Dead letter" });
        await Expect(dialog.Locator("#letter-reason")).ToHaveTextAsync("price is required");
        await Expect(dialog.Locator("#letter-place")).ToHaveTextAsync("purchases[0]@1");
        await Expect(dialog.Locator("#letter-event")).ToHaveTextAsync(Encoding.UTF8.GetString(NoPrice));

        await dialog.GetByRole(AriaRole.Button, new() { Name = "Replay as it is…" }).ClickAsync();
        await Expect(dialog.GetByText("Record this event now, exactly as it stands?")).ToBeVisibleAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Keep it for now" }).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Replay as it is…" }).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Replay it" }).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Alert)).ToHaveTextAsync("It still can’t be recorded: price is required");

        await dialog.GetByRole(AriaRole.Button, new() { Name = "Correct it…" }).ClickAsync();
        var editor = dialog.GetByRole(AriaRole.Textbox, new() { Name = "The corrected event" });
        await Expect(editor).ToHaveValueAsync(Encoding.UTF8.GetString(NoPrice));
        await editor.FillAsync(" ");
        await Correct("The corrected event is empty.", confirm: false);
        await editor.FillAsync("{\"price\":");
        await Expect(dialog.GetByText("Not valid JSON yet:")).ToBeVisibleAsync();
        await Correct("It still can’t be recorded: not valid JSON");
        await editor.FillAsync("""{"userid":"ada","username":"Ada","price":-1}""");
        await Correct("It still can’t be recorded: price must be greater than 0");

        await dialog.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await Expect(dialog).ToBeHiddenAsync();
        await Inspect(page, 1);
        await Expect(editor).ToHaveValueAsync("""{"userid":"ada","username":"Ada","price":-1}""");
        await editor.FillAsync("""{"userid":"ada","username":"Ada","price":12.50,"item":"Teapot"}""");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Replay corrected…" }).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Replay the corrected event" }).ClickAsync();

        await Expect(dialog).ToBeHiddenAsync();
        await ShopPageTests.Heard(page, "Recorded: Teapot for $12.50, bought by Ada.");
        await Expect(Letters(page)).ToHaveCountAsync(1);
        await Expect(Headline(page)).ToHaveTextAsync("1 dead letter waits for you");
        await Expect(page.Locator("#dead-letters-heading")).ToBeFocusedAsync();
        Assert.Contains("\"price\":12.50", await shop.Management.GetStringAsync("/api/v1/purchases/ada"), StringComparison.Ordinal);
        await Expect(page).ToHaveTitleAsync("⚠ 1 dead letter waits for you · Operations");
        Assert.Empty(tab.ProblemsOfThePage);

        async Task Correct(string complaint, bool confirm = true)
        {
            await dialog.GetByRole(AriaRole.Button, new() { Name = "Replay corrected…" }).ClickAsync();
            if (confirm)
            {
                await dialog.GetByRole(AriaRole.Button, new() { Name = "Replay the corrected event" }).ClickAsync();
            }

            await Expect(dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync(complaint);
            await Expect(editor).ToBeFocusedAsync();
        }
    }

    [NeedsFact<Browser>]
    public async Task An_event_that_is_no_text_is_shown_as_hex_and_base64()
    {
        await using var shop = await InProcessShop.StartAsync(events: [NoText, []]);
        await using var tab = await browser.OpenAsync(shop.Management.BaseAddress!, ShopPageTests.Listen);
        var page = tab.Page;
        await Expect(Letters(page)).ToHaveCountAsync(2);
        await Expect(Letters(page).Filter(new() { HasText = "purchases[0]@0" })).ToContainTextAsync("(4 bytes, not text)");
        await Expect(Letters(page).Filter(new() { HasText = "purchases[0]@1" })).ToContainTextAsync("(empty)");

        await Inspect(page, 0);
        var raw = page.GetByRole(AriaRole.Region, new() { Name = "The event as it came" });
        await Expect(raw).ToHaveTextAsync(new Regex(@"^0000\s+ff 00 fe 41\s+···A$"));
        await page.GetByRole(AriaRole.Radio, new() { Name = "Base64" }).CheckAsync();
        await Expect(raw).ToHaveTextAsync(Convert.ToBase64String(NoText));
        await page.GetByRole(AriaRole.Radio, new() { Name = "Text", Exact = true }).CheckAsync();
        await Expect(page.GetByText("This is not text")).ToBeVisibleAsync();
        Assert.Empty(tab.Problems);
    }

    [NeedsFact<Browser>]
    public async Task Dropping_is_confirmed_and_for_good()
    {
        await using var shop = await InProcessShop.StartAsync(events: [NoJson, NoPrice]);
        await using var tab = await browser.OpenAsync(shop.Management.BaseAddress!, ShopPageTests.Listen);
        var page = tab.Page;
        await Inspect(page, 0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Drop…" }).ClickAsync();
        await Expect(page.GetByText("Drop this event for good? It can’t be brought back")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Keep it for now" })).ToBeFocusedAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep it for now" }).ClickAsync();
        Assert.Equal(2, (await LettersOf(shop)).Count);

        await page.GetByRole(AriaRole.Button, new() { Name = "Drop…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Drop it for good" }).ClickAsync();
        await ShopPageTests.Heard(page, "Dropped: the event at purchases[0]@0.");
        await Expect(Letters(page)).ToHaveCountAsync(1);
        Assert.Equal(1, (await LettersOf(shop)).Single().GetProperty("offset").GetInt64());

        // What somebody else does is seen too, and does not surprise who looks at it at the time.
        await Inspect(page, 1);
        using var dropped = await shop.Management.DeleteAsync($"/api/v1/dead-letters/{(await LettersOf(shop)).Single().GetProperty("id")}");
        await Expect(page.Locator("#dead")).ToHaveTextAsync("0");
        await page.GetByRole(AriaRole.Button, new() { Name = "Drop…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Drop it for good" }).ClickAsync();
        await ShopPageTests.Heard(page, "It was gone already");
        await Expect(page.GetByText("None. Everything that came could be recorded.")).ToBeVisibleAsync();
        await Expect(Headline(page)).ToHaveTextAsync("All is well");
        Assert.Empty(tab.ProblemsOfThePage);
    }

    [NeedsFact<Browser>]
    public async Task However_many_dead_letters_there_are_each_can_be_reached()
    {
        const int count = 1051;
        await using var shop = await InProcessShop.StartAsync(events: [.. Enumerable.Repeat(NoJson, count)]);
        await using var tab = await browser.OpenAsync(shop.Management.BaseAddress!, ShopPageTests.Listen);
        var page = tab.Page;
        await Expect(page.Locator("#dead")).ToHaveTextAsync("1,051");
        await Expect(Letters(page)).ToHaveCountAsync(50);
        foreach (var shown in (int[])[200, 1000])
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "Show more" }).ClickAsync();
            await Expect(Letters(page)).ToHaveCountAsync(shown);
        }

        await Expect(page.GetByText("The newest 1,000 are shown.")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Show more" })).ToBeHiddenAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Back to the newest" })).ToBeHiddenAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Show older ones" }).ClickAsync();

        await Expect(Letters(page)).ToHaveCountAsync(51);
        await Expect(page.GetByText("51 older ones are shown.")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Show older ones" })).ToBeHiddenAsync();
        await Expect(page.Locator("#dead-letters-heading")).ToBeFocusedAsync();
        using var oldest = JsonDocument.Parse(await shop.Management.GetStringAsync((await shop.Management.ReadPageAsync("/api/v1/dead-letters?limit=1000")).Next));
        await Expect(Letters(page).Filter(new() { HasText = $"purchases[0]@{oldest.RootElement[50].GetProperty("offset")}" }).First).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Back to the newest" }).ClickAsync();
        await Expect(Letters(page)).ToHaveCountAsync(1000);
        await Expect(page.Locator("#dead-letters-heading")).ToBeFocusedAsync();
        Assert.Empty(tab.Problems);
    }

    [NeedsFact<Browser>]
    public async Task The_list_of_dead_letters_is_asked_for_when_their_number_changes_and_not_else()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        ledger.KeepSaying(ScriptedLedger.Calm with { DeadLetters = 3 });
        await using var tab = await browser.OpenAsync(ledger.Address, ShopPageTests.Listen);
        await Eventually.TrueAsync(() => ledger.Lists == 1, "it is asked for");
        for (var i = 1; i <= 10; i++)
        {
            ledger.KeepSaying(ScriptedLedger.Calm with { DeadLetters = 3, Recorded = i });
            await Expect(tab.Page.Locator("#recorded")).ToHaveTextAsync($"{i}");
            await Task.Delay(500); // longer, all in all, than the page waits between two lists
        }

        Assert.Equal(1, ledger.Lists);
        ledger.KeepSaying(ScriptedLedger.Calm with { DeadLetters = 4 });
        await Eventually.TrueAsync(() => ledger.Lists == 2, "it is asked for again");
    }

    [NeedsFact<Browser>]
    public async Task The_api_key_is_asked_for_once_and_can_be_forgotten()
    {
        const string Key = "clé ключ 鍵";
        await using var shop = await InProcessShop.StartAsync(events: [NoJson], settings: $"--Management:ApiKey={Key}");
        await using var tab = await browser.OpenAsync(shop.Management.BaseAddress!, ShopPageTests.Listen);
        var page = tab.Page;
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Unlock this page" });
        var field = dialog.GetByRole(AriaRole.Textbox, new() { Name = "API key" });
        await Expect(field).ToBeFocusedAsync();
        await Expect(field).ToHaveAttributeAsync("type", "password");

        await field.PressAsync("Enter");
        await Expect(dialog.GetByRole(AriaRole.Alert)).ToHaveTextAsync("Type the key first.");
        await field.FillAsync("wrong");
        await field.PressAsync("Enter");
        await Expect(dialog.GetByRole(AriaRole.Alert)).ToHaveTextAsync("The server does not accept this key.");
        await Expect(field).ToHaveAttributeAsync("aria-invalid", "true");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Not now" }).ClickAsync();
        await Expect(Headline(page)).ToHaveTextAsync("An API key is needed");
        await Expect(page.Locator("#recorded")).ToHaveTextAsync("…");

        await page.GetByRole(AriaRole.Button, new() { Name = "Enter the key" }).ClickAsync();
        await field.FillAsync(Key);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Unlock" }).ClickAsync();
        await Expect(dialog).ToBeHiddenAsync();
        await Expect(page.Locator("#recorded")).ToHaveTextAsync("0");
        await Expect(Letters(page)).ToHaveCountAsync(1);

        await page.ReloadAsync();
        await Expect(page.Locator("#connection")).ToHaveTextAsync("Live");
        await Expect(dialog).ToBeHiddenAsync();
        await Inspect(page, 0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Drop…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Drop it for good" }).ClickAsync();
        await Expect(page.Locator("#dead")).ToHaveTextAsync("0");

        await page.GetByRole(AriaRole.Button, new() { Name = "Forget the key" }).ClickAsync();
        await Expect(dialog).ToBeVisibleAsync();
        await Expect(page.Locator("#recorded")).ToHaveTextAsync("…");
        await page.ReloadAsync();
        await Expect(dialog).ToBeVisibleAsync();
        Assert.Empty(tab.ProblemsOfThePage);
    }

    [NeedsFact<Browser>]
    public async Task A_thousand_events_a_second_neither_grow_the_page_nor_hold_it_up()
    {
        const int Events = 5_000;
        await using var ledger = await ScriptedLedger.StartAsync();
        ledger.KeepSaying(Statistics(0));
        await using var tab = await browser.OpenAsync(ledger.Address, ShopPageTests.Listen);
        var page = tab.Page;
        await Expect(Latest(page)).ToHaveCountAsync(20);
        await Eventually.TrueAsync(() => page.EvaluateAsync<bool>("document.querySelectorAll('canvas')[0].width > 0"), "the charts are there");
        await page.EvaluateAsync("""
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
        var nodes = await page.EvaluateAsync<int>("document.getElementsByTagName('*').length");

        await Flood(1, Events / 2);
        await Expect(page.Locator("#recorded")).ToHaveTextAsync((Events / 2).ToString("N0", CultureInfo.InvariantCulture));
        Assert.Equal(nodes, await page.EvaluateAsync<int>("document.getElementsByTagName('*').length"));
        var paintings = await page.EvaluateAsync<int>("window.paintings");
        var tenths = await page.EvaluateAsync<double>("(performance.now() - window.startedAt) / 100");
        Assert.InRange(paintings, 1, 2 * (tenths + 2));

        // Meanwhile the page does what it is told.
        var flood = Flood((Events / 2) + 1, Events);
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Expect(page.Locator("#connection")).ToHaveTextAsync(new Regex("^Paused at"));
        var paused = await page.Locator("#recorded").TextContentAsync();
        await page.Locator("#rate-chart summary").ClickAsync();
        await flood;
        Assert.Equal(paused, await page.Locator("#recorded").TextContentAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await Expect(page.Locator("#recorded")).ToHaveTextAsync(Events.ToString("N0", CultureInfo.InvariantCulture));
        await Expect(Latest(page).First).ToContainTextAsync($"no. {Events}");

        Assert.Equal(nodes, await page.EvaluateAsync<int>("document.getElementsByTagName('*').length"));
        Assert.InRange(await page.EvaluateAsync<int>("window.announcements"), 0, 2);
        Assert.Empty(tab.Problems);

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
        await using var tab = await browser.OpenAsync(ledger.Address, ShopPageTests.Listen + """
            ;Object.defineProperty(document, "visibilityState", { get: () => (window.isHidden ? "hidden" : "visible") });
            window.hide = isHidden => {
                window.isHidden = isHidden;
                document.dispatchEvent(new Event("visibilitychange"));
            };
            """);
        var page = tab.Page;
        var devTools = await page.Context.NewCDPSessionAsync(page);
        await Say(1, Warm);
        var (heap, nodes) = (await HeapAsync(), await NodesAsync());

        await Say(Warm + 1, Warm + Events);

        // Less than if the text of every tenth event had stayed.
        Assert.InRange(await HeapAsync() - heap, long.MinValue, Events * ScriptedLedger.Event(Statistics(1)).Length / 10);
        Assert.InRange(await NodesAsync(), 0, nodes + 20);
        Assert.Empty(tab.Problems);

        // While nobody looks, every event is taken; who looks now and then has it painted.
        async Task Say(int from, int to)
        {
            for (var i = from; i <= to; i++)
            {
                ledger.Send(ScriptedLedger.Event(Statistics(i)));
                if (i % 50 == 1)
                {
                    await page.EvaluateAsync("window.hide(true)");
                }
                else if (i % 50 == 0 || i == to)
                {
                    ledger.KeepSaying(Statistics(i));
                    await page.EvaluateAsync("window.hide(false)");
                    await Expect(page.Locator("#recorded")).ToHaveTextAsync(i.ToString("N0", CultureInfo.InvariantCulture));
                }
            }
        }

        async Task<long> HeapAsync()
        {
            await devTools.SendAsync("HeapProfiler.collectGarbage");
            return (await devTools.SendAsync("Runtime.getHeapUsage"))!.Value.GetProperty("usedSize").GetInt64();
        }

        Task<int> NodesAsync() => page.EvaluateAsync<int>("document.getElementsByTagName('*').length");

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
    public async Task What_is_kept_of_hours_is_a_quarter_of_an_hour()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        ledger.KeepSaying(ScriptedLedger.Calm);
        await using var tab = await browser.OpenAsync(ledger.Address, ShopPageTests.Listen);

        var kept = await tab.Page.EvaluateAsync<int[]>("""
            async () => {
                const { Observations } = await import("/observations.js");
                const observations = new Observations();
                const sixHours = 6 * 60 * 60;
                for (let second = 1; second <= sixHours; second++) {
                    const process = { name: `replica-${second % 3}`, started: "1", recordedPerSecond: String(second), latencyMs: { p50: "1", p95: "2", p99: null } };
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

    [NeedsFact<Browser>]
    public async Task A_dead_letter_can_be_dropped_with_the_keyboard_alone_and_the_focus_is_never_lost()
    {
        await using var shop = await InProcessShop.StartAsync(events: [NoJson, NoPrice]);
        await using var tab = await browser.OpenAsync(shop.Management.BaseAddress!, ShopPageTests.Listen);
        var page = tab.Page;
        await Expect(Letters(page)).ToHaveCountAsync(2);

        await page.Keyboard.PressAsync("Tab");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Skip to the figures" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(Headline(page)).ToBeFocusedAsync();
        await TabTo("Look at them");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#dead-letters-heading")).ToBeFocusedAsync();
        await TabTo("Inspect the dead letter at purchases[0]@");
        var inspect = await Focused();
        await page.Keyboard.PressAsync("Enter");
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Dead letter" });
        await Expect(dialog.GetByRole(AriaRole.Heading, new() { Name = "Dead letter" })).ToBeFocusedAsync();

        await TabTo("Drop…");
        await page.Keyboard.PressAsync("Space");
        Assert.Equal("Keep it for now", await Focused());
        await page.Keyboard.PressAsync("Escape");
        await Expect(dialog).ToBeVisibleAsync();
        Assert.Equal("Drop…", await Focused());
        await page.Keyboard.PressAsync("Escape");
        await Expect(dialog).ToBeHiddenAsync();
        Assert.Equal(inspect, await Focused());

        await page.Keyboard.PressAsync("Enter");
        await TabTo("Drop…");
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.PressAsync("Shift+Tab");
        Assert.Equal("Drop it for good", await Focused());
        Assert.NotEqual("none", await page.EvaluateAsync<string>("getComputedStyle(document.activeElement).outlineStyle"));
        await page.Keyboard.PressAsync("Enter");
        await Expect(Letters(page)).ToHaveCountAsync(1);
        await Expect(page.Locator("#dead-letters-heading")).ToBeFocusedAsync();

        async Task TabTo(string text)
        {
            var passed = new List<string>();
            do
            {
                Assert.True(passed.Count < 40, $"'{text}' can't be reached; passed: {string.Join(", ", passed)}");
                await page.Keyboard.PressAsync("Tab");
                passed.Add(await Focused());
            }
            while (!passed[^1].StartsWith(text, StringComparison.Ordinal));
        }

        Task<string> Focused() => page.EvaluateAsync<string>("document.activeElement.textContent.trim()");
    }

    [NeedsTheory<Browser>]
    [InlineData(ColorScheme.Light, 1366)]
    [InlineData(ColorScheme.Dark, 1366)]
    [InlineData(ColorScheme.Light, 320)]
    [InlineData(ColorScheme.Dark, 320)]
    public async Task Everything_can_be_read_named_and_reached(ColorScheme scheme, int width)
    {
        await using var shop = await InProcessShop.StartAsync(events: [NoJson, NoPrice, NoText]);
        await using var tab = await browser.OpenAsync(shop.Management.BaseAddress!, configure: options =>
        {
            options.ColorScheme = scheme;
            options.ReducedMotion = ReducedMotion.Reduce;
            options.ViewportSize = new() { Width = width, Height = 800 };
        });
        var page = tab.Page;
        await shop.Shop.BuyAsync("ada", "12.50", item: "Teapot");
        await Expect(page.Locator("#recorded")).ToHaveTextAsync("1");
        await Expect(Letters(page)).ToHaveCountAsync(3);
        await page.Locator("#rate-chart summary").ClickAsync();
        await CanBeRead();

        foreach (var role in (AriaRole[])[AriaRole.Banner, AriaRole.Main, AriaRole.Contentinfo])
        {
            await Expect(page.GetByRole(role)).ToHaveCountAsync(1);
        }

        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveCountAsync(1);
        await Expect(page.GetByRole(AriaRole.Img)).ToHaveCountAsync(2);
        await AreNamed("a, button, input, ol, canvas, #partitions, section, article, table");

        await Inspect(page, 0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Correct it…" }).ClickAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "The corrected event" }).FillAsync("");
        await page.GetByRole(AriaRole.Button, new() { Name = "Replay corrected…" }).ClickAsync();
        await Expect(page.GetByText("The corrected event is empty.")).ToBeVisibleAsync();
        await CanBeRead();
        await AreNamed("dialog, dialog button, dialog input, dialog textarea, dialog pre");
        await page.GetByRole(AriaRole.Button, new() { Name = "Drop…" }).ClickAsync();
        await CanBeRead();
        await page.Keyboard.PressAsync("Escape");
        await page.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();

        await shop.StopManagementAsync();
        await Expect(page.Locator("body")).ToHaveClassAsync("stale");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Try now" })).ToBeVisibleAsync();
        await CanBeRead();
        Assert.Empty(tab.ProblemsOfThePage);

        async Task CanBeRead()
        {
            Assert.Empty(await page.EvaluateAsync<string[]>(ShopPageTests.UnreadableText));
            Assert.Equal(width, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        }

        async Task AreNamed(string controls)
        {
            foreach (var control in await page.Locator(controls).AllAsync())
            {
                if (await control.IsVisibleAsync())
                {
                    await Expect(control).ToHaveAccessibleNameAsync(new Regex(@"\S"));
                }
            }
        }
    }

    [NeedsFact<Browser>]
    public async Task Nothing_but_the_pages_own_scripts_run_and_nothing_comes_from_elsewhere()
    {
        await using var shop = await InProcessShop.StartAsync(events: [NoPrice]);
        await using var tab = await browser.OpenAsync(shop.Management.BaseAddress!, ShopPageTests.Listen);
        var page = tab.Page;
        var strangers = new ConcurrentQueue<string>();
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(shop.Management.BaseAddress!.ToString(), StringComparison.Ordinal))
            {
                strangers.Enqueue(request.Url);
            }
        };
        await page.ReloadAsync();
        await Inspect(page, 0);
        await Expect(page.Locator("#letter-event")).ToContainTextAsync("<img src=x");
        await Expect(page).ToHaveTitleAsync("⚠ 1 dead letter waits for you · Operations");
        Assert.Empty(strangers);
        Assert.Empty(tab.Problems);
    }

    private static ILocator Headline(IPage page) => page.Locator("#verdict-headline");

    private static ILocator Latest(IPage page) => page.GetByRole(AriaRole.List, new() { Name = "Latest purchases" }).GetByRole(AriaRole.Listitem);

    private static ILocator Letters(IPage page) => page.Locator("#dead-letters-list > li");

    private static Task Inspect(IPage page, int offset) =>
        page.GetByRole(AriaRole.Button, new() { Name = $"Inspect the dead letter at purchases[0]@{offset}", Exact = true }).ClickAsync();

    private static async Task<List<JsonElement>> LettersOf(InProcessShop shop) =>
        JsonSerializer.Deserialize<List<JsonElement>>(await shop.Management.GetStringAsync("/api/v1/dead-letters"))!;
}
