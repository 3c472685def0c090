using System.Text.RegularExpressions;
using ShoppingSystem.Ledger;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Pages;

/// <summary>What the operations page says of a system that does not work, or does not answer.</summary>
[Collection(OperationsPageGroup.Name)]
public sealed class OperationsTroubleTests(Browser browser)
{
    [NeedsFact<Browser>]
    public async Task A_killed_service_is_reported_figures_are_marked_as_old_and_the_page_reconnects()
    {
        var data = StandaloneProcess.NewDataDirectory();
        try
        {
            await using var first = await StandaloneProcess.StartAsync(data);
            await using var page = await OperationsPage.OpenAsync(browser, first.Management.BaseAddress!);
            await first.Shop.BuyAsync("ada");
            await Expect(page.Recorded).ToHaveTextAsync("1");

            await first.KillAsync();
            await page.HeardAsync("No news for ");
            await Expect(page.Headline).ToHaveTextAsync(new Regex(@"^No news for \d+ s$"));
            await Expect(page.Detail).ToHaveTextAsync(new Regex(@"^What you see is from .*\. .*Trying again"));
            await Expect(page.Connection).ToHaveTextAsync(new Regex("Disconnected|Connecting"));
            await Expect(page.Body).ToHaveClassAsync("stale");
            await Expect(page.Page).ToHaveTitleAsync("✖ No news · Operations");
            await Expect(page.Recorded).ToHaveTextAsync("1");

            await using var second = await first.StartAgainAsync();
            await Expect(page.Connection).ToHaveTextAsync("Live");
            await Expect(page.Headline).ToHaveTextAsync("All is well");
            await Expect(page.Body).Not.ToHaveClassAsync("stale");
            await Expect(page.ProcessRecorded).ToHaveTextAsync("0");
            await second.Shop.BuyAsync("ada");
            await Expect(page.Recorded).ToHaveTextAsync("2");
            await Expect(page.ProcessRecorded).ToHaveTextAsync("1");
            Assert.Empty(page.Tab.ProblemsOfThePage);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [NeedsFact<Browser>]
    public async Task A_silent_connection_is_reported_and_reopened()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        await using var page = await OperationsPage.OpenAsync(browser, ledger, ScriptedLedger.Calm);
        await Expect(page.Recorded).ToHaveTextAsync("12,345");

        ledger.FallSilent();
        await Expect(page.Headline).ToHaveTextAsync(new Regex("^No news for"));
        await Eventually.TrueAsync(() => ledger.Connections == 2, "it asks again");
        ledger.KeepSaying(ScriptedLedger.Calm with { Recorded = 12_346 });
        await Expect(page.Recorded).ToHaveTextAsync("12,346");
        await Expect(page.Headline).ToHaveTextAsync("All is well");
        Assert.Empty(page.Tab.Problems);
    }

    [NeedsFact<Browser>]
    public async Task A_reply_that_is_no_stream_is_reported_and_retried()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        await using var page = await OperationsPage.OpenAsync(browser, ledger, ScriptedLedger.Calm);
        await Expect(page.Connection).ToHaveTextAsync("Live");
        await page.Page.RouteAsync("**/stream", route => route.FulfillAsync(new() { ContentType = "text/html", Body = "<p>Maintenance</p>" }));
        await page.Page.ReloadAsync();
        await Expect(page.Headline).ToHaveTextAsync("The management API can’t be reached");
        await Expect(page.Detail).ToContainTextAsync("The answer is not a stream of events. Trying again");

        await page.Page.UnrouteAsync("**/stream");
        await page.Page.RouteAsync("**/stream", route => route.FulfillAsync(new()
        {
            Status = 503,
            ContentType = "application/problem+json",
            Headers = new Dictionary<string, string> { ["Retry-After"] = "600" },
            Body = """{"detail":"Moving house."}""",
        }));
        await Expect(page.Detail).ToContainTextAsync(new Regex(@"Moving house\. Trying again in \d{3} s\."));
        await page.Page.UnrouteAsync("**/stream");
        await page.PressAsync("Try now");
        await Expect(page.Headline).ToHaveTextAsync("All is well");
        Assert.Empty(page.Tab.ProblemsOfThePage);
    }

    [NeedsFact<Browser>]
    public async Task Events_lost_from_the_log_are_reported_and_an_unknown_lag_is_not_shown_as_0()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        var lost = ScriptedLedger.Calm with
        {
            Process = ScriptedLedger.Calm.Process with { Lost = 1_234 },
            Dependencies = new Dictionary<string, DependencyReply> { ["recorder"] = new("degraded", "purchases were lost") },
        };
        await using var page = await OperationsPage.OpenAsync(browser, ledger, lost);
        await Expect(page.Headline).ToHaveTextAsync("Purchases were lost from the log");
        await Expect(page.Detail).ToHaveTextAsync("Purchases were lost. The recorder says so until it is started again.");
        await Expect(page.ProcessLost).ToHaveTextAsync("1,234");

        ledger.KeepSaying(ScriptedLedger.Calm with { Process = ScriptedLedger.Calm.Process with { Recorder = new("held up", "no right to read") }, Lag = [] });
        await Expect(page.Headline).ToHaveTextAsync("Recording is held up");
        await Expect(page.Lag).ToHaveTextAsync("unknown");
    }

    [NeedsFact<Browser>]
    public async Task A_delayed_recorder_an_unreachable_store_and_lag_are_reported()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        var trouble = ScriptedLedger.Calm with
        {
            Recorded = null,
            DeadLetters = null,
            Process = ScriptedLedger.Calm.Process with { Recorder = new("held up", "no route to the store"), RecordedPerSecond = 0, LatencyMs = new(null, null, null) },
            Lag = [.. Enumerable.Range(0, 12).Select(i => new LagReply(i, i * 100))],
            Dependencies = new Dictionary<string, DependencyReply> { ["mongodb"] = new("down", "no route to the store"), ["kafka"] = new("degraded", "1 of 3 brokers is down") },
        };
        await using var page = await OperationsPage.OpenAsync(browser, ledger, trouble);
        await Expect(page.Headline).ToHaveTextAsync("Recording is held up");
        await Expect(page.Detail).ToHaveTextAsync("No route to the store. Purchases wait in the log until it works again; none is lost.");
        await page.HeardAsync("Recording is held up.");
        await Expect(page.RecorderState).ToHaveTextAsync("held up");
        await Expect(page.Recorded).ToHaveTextAsync("unknown");
        await Expect(page.DeadLetterCount).ToHaveTextAsync("unknown");
        await Expect(page.Latency).ToHaveTextAsync("–");
        await Expect(page.Lag).ToHaveTextAsync("6,600");
        await Expect(page.Scale).ToHaveTextAsync("6,600 events to record; a full bar is 2,000.");
        await Expect(page.Bars).ToHaveCountAsync(12);
        await Expect(page.Bars.Last).ToHaveTextAsync("Partition 111,100");
        await Expect(page.Bars.Last.Locator(".bar-fill")).ToHaveAttributeAsync("style", "inline-size: 55%;");
        await Expect(page.Dependencies.First).ToHaveTextAsync("mongodbdownno route to the store");
        await Expect(page.Dependencies.Last).ToHaveTextAsync("kafkadegraded1 of 3 brokers is down");

        ledger.KeepSaying(trouble with { Process = ScriptedLedger.Calm.Process });
        await Expect(page.Headline).ToHaveTextAsync("mongodb is down");
        ledger.KeepSaying(ScriptedLedger.Calm with { Recorded = null });
        await Expect(page.Headline).ToHaveTextAsync("The store can’t be asked");
        ledger.KeepSaying(ScriptedLedger.Calm with { Lag = [new(3, 4_000), new(4, 2)] });
        await Expect(page.Headline).ToHaveTextAsync("Recording is behind");
        await Expect(page.Bars).ToHaveCountAsync(2);
        ledger.KeepSaying(ScriptedLedger.Calm);
        await Expect(page.Headline).ToHaveTextAsync("All is well");
        await page.HeardAsync("All is well.");
        Assert.Empty(page.Tab.Problems);
    }
}
