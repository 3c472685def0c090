using System.Collections.Concurrent;
using Microsoft.Playwright;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Pages;

/// <summary>Who may see the operations page, and what can run on it.</summary>
[Collection(OperationsPageGroup.Name)]
public sealed class OperationsAccessTests(Browser browser)
{
    [NeedsFact<Browser>]
    public async Task The_api_key_is_asked_for_once_and_can_be_forgotten()
    {
        const string Key = "clé ключ 鍵";
        await using var shop = await InProcessShop.StartAsync(events: [OperationsPage.NoJson], settings: $"--Management:ApiKey={Key}");
        await using var page = await OperationsPage.OpenAsync(browser, shop.Management.BaseAddress!);
        var dialog = page.KeyDialog;
        var field = page.Key;
        await Expect(field).ToBeFocusedAsync();
        await Expect(field).ToHaveAttributeAsync("type", "password");

        await field.PressAsync("Enter");
        await Expect(dialog.GetByRole(AriaRole.Alert)).ToHaveTextAsync("Type the key first.");
        await field.FillAsync("wrong");
        await field.PressAsync("Enter");
        await Expect(dialog.GetByRole(AriaRole.Alert)).ToHaveTextAsync("The server does not accept this key.");
        await Expect(field).ToHaveAttributeAsync("aria-invalid", "true");
        await page.PressAsync("Not now");
        await Expect(page.Headline).ToHaveTextAsync("An API key is needed");
        await Expect(page.Recorded).ToHaveTextAsync("…");

        await page.PressAsync("Enter the key");
        await field.FillAsync(Key);
        await page.PressAsync("Unlock");
        await Expect(dialog).ToBeHiddenAsync();
        await Expect(page.Recorded).ToHaveTextAsync("0");
        await Expect(page.Letters).ToHaveCountAsync(1);

        await page.Page.ReloadAsync();
        await Expect(page.Connection).ToHaveTextAsync("Live");
        await Expect(dialog).ToBeHiddenAsync();
        await page.InspectAsync(0);
        await page.DropAsync();
        await Expect(page.DeadLetterCount).ToHaveTextAsync("0");

        await page.PressAsync("Forget the key");
        await Expect(dialog).ToBeVisibleAsync();
        await Expect(page.Recorded).ToHaveTextAsync("…");
        await page.Page.ReloadAsync();
        await Expect(dialog).ToBeVisibleAsync();
        Assert.Empty(page.Tab.ProblemsOfThePage);
    }

    [NeedsFact<Browser>]
    public async Task Nothing_but_the_pages_own_scripts_run_and_nothing_comes_from_elsewhere()
    {
        await using var shop = await InProcessShop.StartAsync(events: [OperationsPage.NoPrice]);
        await using var page = await OperationsPage.OpenAsync(browser, shop.Management.BaseAddress!);
        var strangers = new ConcurrentQueue<string>();
        page.Page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(shop.Management.BaseAddress!.ToString(), StringComparison.Ordinal))
            {
                strangers.Enqueue(request.Url);
            }
        };
        await page.Page.ReloadAsync();
        await page.InspectAsync(0);
        await Expect(page.Page.Locator("#letter-event")).ToContainTextAsync("<img src=x");
        await Expect(page.Page).ToHaveTitleAsync("⚠ 1 dead letter waits for you · Operations");
        Assert.Empty(strangers);
        Assert.Empty(page.Tab.Problems);
    }
}
