using Microsoft.Playwright;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Pages;

/// <summary>Whether everybody can use the shop page.</summary>
[Collection(ShopPageGroup.Name)]
public sealed class ShopAccessibilityTests(Browser browser, OpenShop shop)
{
    [NeedsFact<Browser>]
    public async Task A_purchase_can_be_made_with_the_keyboard_alone_and_the_focus_stays_in_sight()
    {
        await using var page = await shop.OpenAsync(browser);
        await Expect(page.Empty).ToBeVisibleAsync();

        await page.Page.Keyboard.PressAsync("Tab");
        await Expect(page.Page.GetByRole(AriaRole.Link, new() { Name = "Skip to the items" })).ToBeFocusedAsync();
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Name = "On the shelf today" })).ToBeFocusedAsync();
        await page.Page.Keyboard.PressAsync("Tab");
        await Expect(page.Button("Surprise me")).ToBeFocusedAsync();
        await page.Page.Keyboard.PressAsync("Tab");
        await Expect(page.BuyButton("Lemon")).ToBeFocusedAsync();
        Assert.NotEqual("none", await page.Page.EvaluateAsync<string>("getComputedStyle(document.activeElement).outlineStyle"));
        await page.Page.Keyboard.PressAsync("Space");
        await page.IsRecordedAsync("Lemon");
        await Expect(page.BuyButton("Lemon")).ToBeFocusedAsync();
    }

    [NeedsTheory<Browser>]
    [MemberData(nameof(Looks.Cases), 1280, MemberType = typeof(Looks))]
    public async Task Everything_can_be_read_named_and_reached(ColorScheme scheme, int width)
    {
        await using var page = await shop.OpenAsync(browser, Looks.Of(scheme, width));
        await page.BuyAsync("Teapot");
        await page.IsRecordedAsync("Teapot");
        await page.AnswerPurchasesAsync(route => route.AbortAsync());
        await page.BuyAsync("Lemon");
        await Expect(page.Row("Lemon")).ToContainTextAsync("The shop can’t be reached.");
        await page.Name.FillAsync("");
        await page.SaveAsync();
        await Expect(page.Text("Name must not be empty")).ToBeVisibleAsync();

        await page.Tab.IsAccessibleAsync(width);
        foreach (var region in (string[])["Who is buying", "On the shelf today", "My purchases"])
        {
            await Expect(page.Page.GetByRole(AriaRole.Region, new() { Name = region })).ToHaveCountAsync(1);
        }

        await Expect(page.Page.GetByRole(AriaRole.Status)).ToHaveCountAsync(1);
        await Expect(page.Page.GetByRole(AriaRole.Alert)).ToHaveCountAsync(1);
        await Expect(page.Page.GetByRole(AriaRole.List, new() { Name = "My purchases" })).ToBeVisibleAsync();
        Assert.Empty(await page.Page.EvaluateAsync<string[]>("Array.from(document.images, image => image.alt).filter(alt => alt !== '')"));
        Assert.Empty(page.Tab.ProblemsOfThePage);
    }
}
