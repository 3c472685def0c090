using System.Text.RegularExpressions;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Pages;

/// <summary>Who is buying on the shop page.</summary>
[Collection(ShopPageGroup.Name)]
public sealed class ShopCustomerTests(Browser browser, OpenShop shop)
{
    [NeedsFact<Browser>]
    public async Task Who_is_buying_is_remembered_and_purchases_belong_to_the_id()
    {
        await using var page = await shop.OpenAsync(browser);
        await Expect(page.Text("Welcome!")).ToBeVisibleAsync();
        var madeUp = await page.CustomerId.TextContentAsync();
        await page.Page.ReloadAsync();
        await Expect(page.CustomerId).ToHaveTextAsync(madeUp!);
        await page.BuyAsync("Honey");
        await Expect(page.Rows).ToHaveCountAsync(1);

        var ada = shop.NewCustomer();
        await page.Name.FillAsync(ada.Name);
        await page.Id.FillAsync(ada.UserId);
        await page.SaveAsync();
        await Expect(page.CustomerName).ToHaveTextAsync(ada.Name);
        await Expect(page.Empty).ToBeVisibleAsync();
        await Expect(page.Button("Change")).ToBeFocusedAsync();
        await page.BuyAsync("Cactus");
        await page.IsRecordedAsync("Cactus");

        await page.Page.ReloadAsync();
        await Expect(page.CustomerName).ToHaveTextAsync(ada.Name);
        await Expect(page.CustomerId).ToHaveTextAsync(ada.UserId);
        await Expect(page.Text("Welcome!")).ToBeHiddenAsync();
        await Expect(page.Rows).ToHaveCountAsync(1);
        await Expect(page.Row("Cactus")).ToBeVisibleAsync();
        Assert.Equal(ada.Name, (await shop.HistoryOf(ada)).Single().GetProperty("username").GetString());
    }

    [NeedsTheory<Browser>]
    [InlineData("", "must not be empty")]
    [InlineData("a\u0001b", "must not contain control characters")]
    [InlineData("129 x", "must have at most 128 characters")]
    public async Task A_name_or_id_against_the_rules_is_not_taken_and_the_field_says_why(string text, string reason)
    {
        text = text == "129 x" ? new string('x', 129) : text;
        await using var page = await shop.OpenAsync(browser);
        var before = await page.CustomerId.TextContentAsync();

        foreach (var label in (string[])["Name", "Id"])
        {
            var field = page.Field(label);
            var fine = await field.InputValueAsync();
            await field.FillAsync(text);
            await field.PressAsync("Enter");
            await Expect(field).ToBeFocusedAsync();
            await Expect(field).ToHaveAttributeAsync("aria-invalid", "true");
            await Expect(field).ToHaveAccessibleDescriptionAsync(new Regex($"{label} {reason}$"));
            await field.FillAsync(fine);
            await Expect(field).ToHaveAttributeAsync("aria-invalid", "false");
        }

        await Expect(page.CustomerId).ToHaveTextAsync(before!);
    }
}
