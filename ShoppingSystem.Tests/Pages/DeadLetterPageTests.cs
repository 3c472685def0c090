using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Pages;

/// <summary>Dead letters on the operations page.</summary>
[Collection(OperationsPageGroup.Name)]
public sealed class DeadLetterPageTests(Browser browser)
{
    [NeedsFact<Browser>]
    public async Task A_dead_letter_is_inspected_replayed_without_success_corrected_and_removed()
    {
        await using var shop = await InProcessShop.StartAsync(events: [OperationsPage.NoJson, OperationsPage.NoPrice]);
        await using var page = await OperationsPage.OpenAsync(browser, shop.Management.BaseAddress!);
        await Expect(page.Headline).ToHaveTextAsync("2 dead letters wait for you");
        await Expect(page.DeadLetterCount).ToHaveTextAsync("2");
        await Expect(page.Letters).ToHaveCountAsync(2);

        await page.InspectAsync(1);
        await Expect(page.Letter.Locator("#letter-reason")).ToHaveTextAsync("price is required");
        await Expect(page.Letter.Locator("#letter-place")).ToHaveTextAsync("purchases[0]@1");
        await Expect(page.LetterEvent).ToHaveTextAsync(Encoding.UTF8.GetString(OperationsPage.NoPrice));

        await page.PressAsync("Replay as it is…");
        await Expect(page.Letter.GetByText("Record this event now, exactly as it stands?")).ToBeVisibleAsync();
        await page.PressAsync("Keep it for now");
        await page.PressAsync("Replay as it is…");
        await page.PressAsync("Replay it");
        await Expect(page.Letter.GetByRole(AriaRole.Alert)).ToHaveTextAsync("It still can’t be recorded: price is required");

        await page.PressAsync("Correct it…");
        await Expect(page.Editor).ToHaveValueAsync(Encoding.UTF8.GetString(OperationsPage.NoPrice));
        await page.Editor.FillAsync(" ");
        await page.PressAsync("Replay corrected…");
        await page.ComplainsAsync("The corrected event is empty.");
        await page.Editor.FillAsync("{\"price\":");
        await Expect(page.Letter.GetByText("Not valid JSON yet:")).ToBeVisibleAsync();
        await page.ReplayInVainAsync("It still can’t be recorded: not valid JSON");
        await page.Editor.FillAsync("""{"userid":"ada","username":"Ada","price":-1}""");
        await page.ReplayInVainAsync("It still can’t be recorded: price must be greater than 0");

        await page.PressAsync("Close");
        await Expect(page.Letter).ToBeHiddenAsync();
        await page.InspectAsync(1);
        await Expect(page.Editor).ToHaveValueAsync("""{"userid":"ada","username":"Ada","price":-1}""");
        await page.Editor.FillAsync("""{"userid":"ada","username":"Ada","price":12.50,"item":"Teapot"}""");
        await page.ReplayCorrectedAsync();

        await Expect(page.Letter).ToBeHiddenAsync();
        await page.HeardAsync("Recorded: Teapot for $12.50, bought by Ada.");
        await Expect(page.Letters).ToHaveCountAsync(1);
        await Expect(page.Headline).ToHaveTextAsync("1 dead letter waits for you");
        await Expect(page.DeadLettersHeading).ToBeFocusedAsync();
        Assert.Contains("\"price\":12.50", await shop.Management.GetStringAsync("/api/v1/purchases/ada"), StringComparison.Ordinal);
        await Expect(page.Page).ToHaveTitleAsync("⚠ 1 dead letter waits for you · Operations");
        Assert.Empty(page.Tab.ProblemsOfThePage);
    }

    [NeedsFact<Browser>]
    public async Task A_binary_event_is_shown_as_hex_and_base64()
    {
        await using var shop = await InProcessShop.StartAsync(events: [OperationsPage.NoText, []]);
        await using var page = await OperationsPage.OpenAsync(browser, shop.Management.BaseAddress!);
        await Expect(page.Letters).ToHaveCountAsync(2);
        await Expect(page.LetterAt(0)).ToContainTextAsync("(4 bytes, not text)");
        await Expect(page.LetterAt(1)).ToContainTextAsync("(empty)");

        await page.InspectAsync(0);
        await Expect(page.LetterEvent).ToHaveTextAsync(new Regex(@"^0000\s+ff 00 fe 41\s+···A$"));
        await page.Choice("Base64").CheckAsync();
        await Expect(page.LetterEvent).ToHaveTextAsync(Convert.ToBase64String(OperationsPage.NoText));
        await page.Choice("Text").CheckAsync();
        await Expect(page.Page.GetByText("This is not text")).ToBeVisibleAsync();
        Assert.Empty(page.Tab.Problems);
    }

    [NeedsFact<Browser>]
    public async Task Dropping_a_dead_letter_is_confirmed_and_permanent()
    {
        await using var shop = await InProcessShop.StartAsync(events: [OperationsPage.NoJson, OperationsPage.NoPrice]);
        await using var page = await OperationsPage.OpenAsync(browser, shop.Management.BaseAddress!);
        await page.InspectAsync(0);
        await page.PressAsync("Drop…");
        await Expect(page.Page.GetByText("Drop this event for good? It can’t be brought back")).ToBeVisibleAsync();
        await Expect(page.Button("Keep it for now")).ToBeFocusedAsync();
        await page.PressAsync("Keep it for now");
        Assert.Equal(2, (await OperationsPage.LettersOf(shop)).Count);

        await page.DropAsync();
        await page.HeardAsync("Dropped: the event at purchases[0]@0.");
        await Expect(page.Letters).ToHaveCountAsync(1);
        Assert.Equal(1, (await OperationsPage.LettersOf(shop)).Single().GetProperty("offset").GetInt64());

        // What somebody else does is seen too, and does not surprise who looks at it at the time.
        await page.InspectAsync(1);
        using var dropped = await shop.Management.DeleteAsync($"/api/v1/dead-letters/{(await OperationsPage.LettersOf(shop)).Single().GetProperty("id")}");
        await Expect(page.DeadLetterCount).ToHaveTextAsync("0");
        await page.DropAsync();
        await page.HeardAsync("It was gone already");
        await Expect(page.Page.GetByText("None. Everything that came could be recorded.")).ToBeVisibleAsync();
        await Expect(page.Headline).ToHaveTextAsync("All is well");
        Assert.Empty(page.Tab.ProblemsOfThePage);
    }

    [NeedsFact<Browser>]
    public async Task Every_dead_letter_of_a_long_list_can_be_reached()
    {
        const int count = 1051;
        await using var shop = await InProcessShop.StartAsync(events: [.. Enumerable.Repeat(OperationsPage.NoJson, count)]);
        await using var page = await OperationsPage.OpenAsync(browser, shop.Management.BaseAddress!);
        await Expect(page.DeadLetterCount).ToHaveTextAsync("1,051");
        await Expect(page.Letters).ToHaveCountAsync(50);
        foreach (var shown in (int[])[200, 1000])
        {
            await page.PressAsync("Show more");
            await Expect(page.Letters).ToHaveCountAsync(shown);
        }

        await Expect(page.Page.GetByText("The newest 1,000 are shown.")).ToBeVisibleAsync();
        await Expect(page.Button("Show more")).ToBeHiddenAsync();
        await Expect(page.Button("Back to the newest")).ToBeHiddenAsync();
        await page.PressAsync("Show older ones");

        await Expect(page.Letters).ToHaveCountAsync(51);
        await Expect(page.Page.GetByText("51 older ones are shown.")).ToBeVisibleAsync();
        await Expect(page.Button("Show older ones")).ToBeHiddenAsync();
        await Expect(page.DeadLettersHeading).ToBeFocusedAsync();
        using var oldest = JsonDocument.Parse(await shop.Management.GetStringAsync((await shop.Management.ReadPageAsync("/api/v1/dead-letters?limit=1000")).Next));
        await Expect(page.LetterAt(oldest.RootElement[50].GetProperty("offset").GetInt64()).First).ToBeVisibleAsync();

        await page.PressAsync("Back to the newest");
        await Expect(page.Letters).ToHaveCountAsync(1000);
        await Expect(page.DeadLettersHeading).ToBeFocusedAsync();
        Assert.Empty(page.Tab.Problems);
    }

    [NeedsFact<Browser>]
    public async Task The_list_of_dead_letters_is_asked_for_when_their_number_changes_and_not_else()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        await using var page = await OperationsPage.OpenAsync(browser, ledger, ScriptedLedger.Calm with { DeadLetters = 3 });
        await Eventually.TrueAsync(() => ledger.Lists == 1, "it is asked for");
        for (var i = 1; i <= 10; i++)
        {
            ledger.KeepSaying(ScriptedLedger.Calm with { DeadLetters = 3, Recorded = i });
            await Expect(page.Recorded).ToHaveTextAsync($"{i}");
            await Task.Delay(500); // longer, all in all, than the page waits between two lists
        }

        Assert.Equal(1, ledger.Lists);
        ledger.KeepSaying(ScriptedLedger.Calm with { DeadLetters = 4 });
        await Eventually.TrueAsync(() => ledger.Lists == 2, "it is asked for again");
    }
}
