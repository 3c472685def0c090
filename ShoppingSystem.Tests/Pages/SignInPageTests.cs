using Microsoft.Playwright;
using ShoppingSystem.Tests.Http;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Pages;

/// <summary>The shop page of a shop that wants its customers to sign in, which it can't do itself: it says so.</summary>
public sealed class SignInPageTests(Browser browser) : IClassFixture<Browser>
{
    private const string Told = "You have to sign in to buy and to see purchases.";

    [NeedsFact<Browser>]
    public async Task Who_has_not_signed_in_is_told_to_and_nothing_is_bought()
    {
        await using var shop = await StorefrontHost.StartAsync(new MemoryLog(), CustomerTests.WithTestScheme, CustomerTests.SignInOn);
        await using var tab = await browser.OpenAsync(shop.Client.BaseAddress!);

        await Expect(tab.Page.Locator("#history-trouble")).ToContainTextAsync(Told);
        await tab.Page.Locator(".card").GetByRole(AriaRole.Button, new() { Name = "Buy Teapot", Exact = true }).ClickAsync();

        var row = tab.Page.GetByRole(AriaRole.List, new() { Name = "My purchases" }).GetByRole(AriaRole.Listitem);
        await Expect(row).ToContainTextAsync($"The shop refused: {Told} Nothing was bought.");
        Assert.Empty(tab.ProblemsOfThePage);
    }
}
