using System.Text.RegularExpressions;
using Microsoft.Playwright;
using ShoppingSystem.Ledger;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Pages;

/// <summary>Whether everybody can use the operations page.</summary>
[Collection(OperationsPageGroup.Name)]
public sealed class OperationsAccessibilityTests(Browser browser)
{
    [NeedsFact<Browser>]
    public async Task A_dead_letter_can_be_dropped_with_the_keyboard_alone_and_the_focus_is_never_lost()
    {
        await using var shop = await InProcessShop.StartAsync(events: [OperationsPage.NoJson, OperationsPage.NoPrice]);
        await using var page = await OperationsPage.OpenAsync(browser, shop.Management.BaseAddress!);
        await Expect(page.Letters).ToHaveCountAsync(2);

        await page.Page.Keyboard.PressAsync("Tab");
        await Expect(page.Page.GetByRole(AriaRole.Link, new() { Name = "Skip to the figures" })).ToBeFocusedAsync();
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page.Headline).ToBeFocusedAsync();
        await page.TabToAsync("Look at them");
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page.DeadLettersHeading).ToBeFocusedAsync();
        await page.TabToAsync("Inspect the dead letter at purchases[0]@");
        var inspect = await page.FocusedAsync();
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page.Letter.GetByRole(AriaRole.Heading, new() { Name = "Dead letter" })).ToBeFocusedAsync();

        await page.TabToAsync("Drop…");
        await page.Page.Keyboard.PressAsync("Space");
        Assert.Equal("Keep it for now", await page.FocusedAsync());
        await page.Page.Keyboard.PressAsync("Escape");
        await Expect(page.Letter).ToBeVisibleAsync();
        Assert.Equal("Drop…", await page.FocusedAsync());
        await page.Page.Keyboard.PressAsync("Escape");
        await Expect(page.Letter).ToBeHiddenAsync();
        Assert.Equal(inspect, await page.FocusedAsync());

        await page.Page.Keyboard.PressAsync("Enter");
        await page.TabToAsync("Drop…");
        await page.Page.Keyboard.PressAsync("Enter");
        await page.Page.Keyboard.PressAsync("Shift+Tab");
        Assert.Equal("Drop it for good", await page.FocusedAsync());
        Assert.NotEqual("none", await page.Page.EvaluateAsync<string>("getComputedStyle(document.activeElement).outlineStyle"));
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page.Letters).ToHaveCountAsync(1);
        await Expect(page.DeadLettersHeading).ToBeFocusedAsync();
    }

    [NeedsTheory<Browser>]
    [MemberData(nameof(Looks.Cases), 1366, MemberType = typeof(Looks))]
    public async Task Everything_can_be_read_named_and_reached(ColorScheme scheme, int width)
    {
        await using var shop = await InProcessShop.StartAsync(events: [OperationsPage.NoJson, OperationsPage.NoPrice, OperationsPage.NoText]);
        await using var page = await OperationsPage.OpenAsync(browser, shop.Management.BaseAddress!, configure: Looks.Of(scheme, width));
        await shop.Shop.BuyAsync("ada", "12.50", item: "Teapot");
        await Expect(page.Recorded).ToHaveTextAsync("1");
        await Expect(page.Letters).ToHaveCountAsync(3);
        await page.Page.Locator("#rate-chart summary").ClickAsync();
        await IsAccessible();
        await AreNamed("section, article, ol, #partitions, table");
        await Expect(page.Page.GetByRole(AriaRole.Img)).ToHaveCountAsync(2);

        await page.InspectAsync(0);
        await page.PressAsync("Correct it…");
        await page.Editor.FillAsync("");
        await page.PressAsync("Replay corrected…");
        await page.ComplainsAsync("The corrected event is empty.");
        await IsAccessible();
        await AreNamed("dialog pre");
        await page.PressAsync("Drop…");
        await IsAccessible();
        await page.Page.Keyboard.PressAsync("Escape");
        await page.PressAsync("Close");

        await shop.StopManagementAsync();
        await Expect(page.Body).ToHaveClassAsync("stale");
        await Expect(page.Button("Try now")).ToBeVisibleAsync();
        await IsAccessible();
        Assert.Empty(page.Tab.ProblemsOfThePage);

        async Task IsAccessible() => await page.Tab.IsAccessibleAsync(width);

        async Task AreNamed(string parts)
        {
            foreach (var part in await page.Page.Locator(parts).AllAsync())
            {
                if (await part.IsVisibleAsync())
                {
                    await Expect(part).ToHaveAccessibleNameAsync(new Regex(@"\S"));
                }
            }
        }
    }

    [NeedsTheory<Browser>]
    [MemberData(nameof(Looks.Cases), 1366, MemberType = typeof(Looks))]
    public async Task The_question_for_the_key_can_be_read_named_and_reached(ColorScheme scheme, int width)
    {
        await using var shop = await InProcessShop.StartAsync(settings: "--Management:ApiKey=secret");
        await using var page = await OperationsPage.OpenAsync(browser, shop.Management.BaseAddress!, configure: Looks.Of(scheme, width));
        await page.Key.PressAsync("Enter");
        await Expect(page.KeyDialog.GetByRole(AriaRole.Alert)).ToHaveTextAsync("Type the key first.");

        await page.Tab.IsAccessibleAsync(width);
    }

    [NeedsTheory<Browser>]
    [MemberData(nameof(Looks.Cases), 1366, MemberType = typeof(Looks))]
    public async Task Trouble_can_be_read_named_and_reached(ColorScheme scheme, int width)
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        ledger.KeepSaying(ScriptedLedger.Calm with
        {
            Recorded = null,
            Process = ScriptedLedger.Calm.Process with { Recorder = new("held up", "no route to the store") },
            Lag = [.. Enumerable.Range(0, 12).Select(i => new LagReply(i, i * 100))],
            Dependencies = new Dictionary<string, DependencyReply> { ["mongodb"] = new("down", "no route"), ["kafka"] = new("degraded", "1 of 3 is down") },
        });
        await using var page = await OperationsPage.OpenAsync(browser, ledger.Address, configure: Looks.Of(scheme, width));
        await Expect(page.Headline).ToHaveTextAsync("Recording is held up");
        await Expect(page.RecorderReason).ToHaveTextAsync("no route to the store");

        await page.Tab.IsAccessibleAsync(width);
    }
}
