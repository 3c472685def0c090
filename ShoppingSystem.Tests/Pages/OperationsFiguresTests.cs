using System.Text.RegularExpressions;
using Microsoft.Playwright;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Pages;

/// <summary>What the operations page shows of a system that works.</summary>
[Collection(OperationsPageGroup.Name)]
public sealed class OperationsFiguresTests(Browser browser)
{
    [NeedsFact<Browser>]
    public async Task Figures_follow_the_purchases()
    {
        await using var shop = await InProcessShop.StartAsync();
        await using var page = await OperationsPage.OpenAsync(browser, shop.Management.BaseAddress!);
        await Expect(page.Headline).ToHaveTextAsync("All is well");
        await Expect(page.Page).ToHaveTitleAsync("All is well · Operations");
        await Expect(page.Connection).ToHaveTextAsync("Live");
        await Expect(page.Recorded).ToHaveTextAsync("0");
        await Expect(page.Page.GetByText("None yet.")).ToBeVisibleAsync();
        await Expect(page.LatencySum).ToHaveTextAsync("Nothing was recorded in this time.");

        await shop.Shop.BuyAsync("ada", "12.50", key: "k", item: "Teapot");
        await Expect(page.Recorded).ToHaveTextAsync("1");
        await using (var another = await StorefrontHost.StartAsync(shop.Storage.Log))
        {
            // A web server that does not remember the key.
            await another.Client.BuyAsync("ada", "12.50", key: "k", item: "Teapot");
        }

        await Expect(page.Duplicates).ToHaveTextAsync("1");
        await shop.Shop.BuyAsync("ada", "0.1000", item: "<b>Lemon</b>");
        await Expect(page.Recorded).ToHaveTextAsync("2");
        await Expect(page.ProcessRecorded).ToHaveTextAsync("2");
        await Expect(page.Process).ToHaveTextAsync(Environment.MachineName);

        await Expect(page.Latest).ToHaveCountAsync(2);
        await Expect(page.Latest.First).ToContainTextAsync("<b>Lemon</b>");
        await Expect(page.Latest.First.Locator(".row-price")).ToHaveTextAsync("$0.1000");
        await Expect(page.Latest.Last.Locator(".row-price")).ToHaveTextAsync("$12.50");
        await Expect(page.Page.GetByRole(AriaRole.List, new() { Name = "Lag by partition" })).ToContainTextAsync("Partition 0");
        await Expect(page.Page.GetByRole(AriaRole.Region, new() { Name = "Dependencies" })).ToContainTextAsync("store");

        await Eventually.TrueAsync(
            async () =>
            {
                await shop.Shop.BuyAsync("ada");
                return !(await page.RateSum.TextContentAsync())!.Contains("Highest 0/s", StringComparison.Ordinal);
            },
            "the chart of purchases per second moves");
        await Expect(page.Page.Locator("#latency-chart .legend")).ToContainTextAsync(new Regex(@"p50 [\d.]+ m?s.*p95 [\d.]+ m?s.*p99 [\d.]+ m?s"));
        await Expect(page.LatencySum).ToContainTextAsync("Highest p99");
        Assert.Empty(page.Tab.Problems);
    }

    [NeedsFact<Browser>]
    public async Task A_chart_draws_something_and_can_be_read_as_a_table()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        await using var page = await OperationsPage.OpenAsync(browser, ledger, ScriptedLedger.Calm);
        await page.Choice("1 min").CheckAsync();
        var chart = page.Page.GetByRole(AriaRole.Img, new() { Name = "Recorded per second" });
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

        await page.Page.Locator("#latency-chart summary").ClickAsync();
        var table = page.Page.GetByRole(AriaRole.Table);
        await Expect(table.GetByRole(AriaRole.Columnheader)).ToHaveTextAsync(["From", "Highest p50", "Highest p95", "Highest p99"]);
        await Expect(table.GetByRole(AriaRole.Row)).ToHaveCountAsync(11);
        await Expect(table).ToContainTextAsync("9.25 ms");

        await page.Page.ReloadAsync();
        await Expect(page.Choice("1 min")).ToBeCheckedAsync();
    }

    [NeedsFact<Browser>]
    public async Task When_another_process_answers_the_page_says_which()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        await using var page = await OperationsPage.OpenAsync(browser, ledger, ScriptedLedger.Calm);
        await Expect(page.Process).ToHaveTextAsync("replica-1");
        ledger.KeepSaying(ScriptedLedger.Calm with { Process = ScriptedLedger.Calm.Process with { Name = "replica-2", Recorded = 9 } });
        await Expect(page.Process).ToHaveTextAsync("replica-2");
        await Expect(page.ProcessRecorded).ToHaveTextAsync("9");
    }
}
