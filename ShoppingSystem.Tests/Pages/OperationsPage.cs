using System.Text.Json;
using Microsoft.Playwright;
using ShoppingSystem.Ledger;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Pages;

/// <summary>The operations page in a browser: where everything is on it, and what people do with it.</summary>
internal sealed class OperationsPage(Tab tab) : IAsyncDisposable
{
    public static readonly byte[] NoPrice = """{"userid":"ada","username":"Ada","item":"<img src=x onerror=document.title='hacked'> 買う"}"""u8.ToArray();
    public static readonly byte[] NoJson = "not json at all"u8.ToArray();
    public static readonly byte[] NoText = [0xFF, 0x00, 0xFE, 0x41];

    public Tab Tab => tab;

    public IPage Page => tab.Page;

    public ILocator Headline => Page.Locator("#verdict-headline");

    public ILocator Detail => Page.Locator("#verdict-detail");

    public ILocator Connection => Page.Locator("#connection");

    public ILocator Body => Page.Locator("body");

    public ILocator Recorded => Page.Locator("#recorded");

    public ILocator Duplicates => Page.Locator("#duplicates");

    public ILocator Lag => Page.Locator("#lag");

    public ILocator Latency => Page.Locator("#latency");

    public ILocator DeadLetterCount => Page.Locator("#dead");

    public ILocator Process => Page.Locator("#process");

    public ILocator ProcessRecorded => Page.Locator("#process-recorded");

    public ILocator ProcessLost => Page.Locator("#process-lost");

    public ILocator RecorderState => Page.Locator("#recorder-state");

    public ILocator RecorderReason => Page.Locator("#recorder-reason");

    public ILocator Bars => Page.Locator("#partitions > li");

    public ILocator Scale => Page.Locator("#recorder-scale");

    public ILocator Dependencies => Page.Locator(".dependency");

    public ILocator RateSum => Page.Locator("#rate-chart-sum");

    public ILocator LatencySum => Page.Locator("#latency-chart-sum");

    public ILocator Latest => Page.GetByRole(AriaRole.List, new() { Name = "Latest purchases" }).GetByRole(AriaRole.Listitem);

    public ILocator DeadLettersHeading => Page.Locator("#dead-letters-heading");

    public ILocator Letters => Page.Locator("#dead-letters-list > li");

    /// <summary>The dialog that shows one dead letter.</summary>
    public ILocator Letter => Page.GetByRole(AriaRole.Dialog, new() { Name = "Dead letter" });

    public ILocator LetterEvent => Page.GetByRole(AriaRole.Region, new() { Name = "The event as it came" });

    public ILocator Editor => Letter.GetByRole(AriaRole.Textbox, new() { Name = "The corrected event" });

    /// <summary>The dialog that asks for the API key.</summary>
    public ILocator KeyDialog => Page.GetByRole(AriaRole.Dialog, new() { Name = "Unlock this page" });

    public ILocator Key => KeyDialog.GetByRole(AriaRole.Textbox, new() { Name = "API key" });

    public static async Task<OperationsPage> OpenAsync(Browser browser, Uri address, string? script = null, Action<BrowserNewContextOptions>? configure = null) =>
        new(await browser.OpenAsync(address, script, configure));

    /// <summary>Opens the page over a stream that already says <paramref name="reply"/>.</summary>
    public static async Task<OperationsPage> OpenAsync(Browser browser, ScriptedLedger ledger, StatisticsReply reply)
    {
        ledger.KeepSaying(reply);
        return await OpenAsync(browser, ledger.Address);
    }

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name });

    public ILocator Choice(string name) => Page.GetByRole(AriaRole.Radio, new() { Name = name, Exact = true });

    public ILocator LetterAt(long offset) => Letters.Filter(new() { HasText = $"purchases[0]@{offset}" });

    public Task PressAsync(string button) => Button(button).ClickAsync();

    public Task InspectAsync(int offset) =>
        Page.GetByRole(AriaRole.Button, new() { Name = $"Inspect the dead letter at purchases[0]@{offset}", Exact = true }).ClickAsync();

    /// <summary>Drops the dead letter that is inspected.</summary>
    public async Task DropAsync()
    {
        await PressAsync("Drop…");
        await PressAsync("Drop it for good");
    }

    /// <summary>Replays the corrected event; what is wrong with it is told, and the focus is where it can be put right.</summary>
    public async Task ReplayInVainAsync(string complaint)
    {
        await ReplayCorrectedAsync();
        await ComplainsAsync(complaint);
    }

    public async Task ReplayCorrectedAsync()
    {
        await PressAsync("Replay corrected…");
        await PressAsync("Replay the corrected event");
    }

    public async Task ComplainsAsync(string complaint)
    {
        await Expect(Letter.GetByRole(AriaRole.Alert)).ToContainTextAsync(complaint);
        await Expect(Editor).ToBeFocusedAsync();
    }

    public Task HeardAsync(string text) => tab.HeardAsync(text);

    /// <summary>Presses Tab until what has the focus begins with <paramref name="text"/>.</summary>
    public async Task TabToAsync(string text)
    {
        var passed = new List<string>();
        do
        {
            Assert.True(passed.Count < 40, $"'{text}' can't be reached; passed: {string.Join(", ", passed)}");
            await Page.Keyboard.PressAsync("Tab");
            passed.Add(await FocusedAsync());
        }
        while (!passed[^1].StartsWith(text, StringComparison.Ordinal));
    }

    /// <summary>The text of what has the focus.</summary>
    public Task<string> FocusedAsync() => Page.EvaluateAsync<string>("document.activeElement.textContent.trim()");

    public Task<int> CountNodesAsync() => Page.EvaluateAsync<int>("document.getElementsByTagName('*').length");

    public static async Task<List<JsonElement>> LettersOf(InProcessShop shop) =>
        JsonSerializer.Deserialize<List<JsonElement>>(await shop.Management.GetStringAsync("/api/v1/dead-letters"))!;

    public async ValueTask DisposeAsync() => await tab.DisposeAsync();
}
