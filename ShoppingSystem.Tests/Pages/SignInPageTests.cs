using ShoppingSystem.Tests.Http;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Pages;

/// <summary>The shop page of a shop that wants its customers to sign in, which it can't do itself: it says so.</summary>
[Collection(ShopPageGroup.Name)]
public sealed class SignInPageTests(Browser browser)
{
    private const string Told = "You have to sign in to buy and to see purchases.";

    [NeedsFact<Browser>]
    public async Task A_customer_who_has_not_signed_in_is_told_to_sign_in_and_buys_nothing()
    {
        await using var shop = await StorefrontHost.StartAsync(new MemoryLog(), CustomerTests.WithTestScheme, CustomerTests.SignInOn);
        await using var page = await ShopPage.OpenAsync(browser, shop.Client.BaseAddress!);

        await Expect(page.Trouble).ToContainTextAsync(Told);
        await page.BuyAsync("Teapot");

        await Expect(page.Rows).ToContainTextAsync($"The shop refused: {Told} Nothing was bought.");
        Assert.Empty(page.Tab.ProblemsOfThePage);
    }
}
