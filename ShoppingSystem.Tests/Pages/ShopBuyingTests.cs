using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Pages;

/// <summary>Buying on the shop page.</summary>
[Collection(ShopPageGroup.Name)]
public sealed class ShopBuyingTests(Browser browser, OpenShop shop)
{
    [NeedsFact<Browser>]
    public async Task A_bought_item_is_pending_at_once_and_recorded_moments_later()
    {
        await using var page = await shop.OpenAsync(browser);
        await Expect(page.Empty).ToBeVisibleAsync();
        var recorded = new TaskCompletionSource();
        await page.AnswerHistoryAsync(async route =>
        {
            await recorded.Task;
            await route.ContinueAsync();
        });

        await page.BuyAsync("Teapot");

        await Expect(page.Rows).ToHaveCountAsync(1);
        await Expect(page.Row("Teapot")).ToContainTextAsync("Pending");
        await page.HeardAsync("Teapot bought for $34.00. Pending.");
        await Expect(page.Pending).ToHaveTextAsync("and 1 pending");
        await Expect(page.Total).ToHaveTextAsync("$0.00");

        recorded.SetResult();
        await page.IsRecordedAsync("Teapot");
        await Expect(page.Row("Teapot")).ToContainTextAsync("$34.00");
        await page.HeardAsync("Teapot, $34.00: recorded within ");
        await Expect(page.Total).ToHaveTextAsync("$34.00");
        await Expect(page.Count).ToHaveTextAsync("1 purchase");
        await Expect(page.Pending).ToHaveTextAsync("");

        await page.BuyAsync("Lemon");
        await page.IsRecordedAsync("Lemon");
        await Expect(page.Rows.First).ToContainTextAsync("Lemon");
        await Expect(page.Total).ToHaveTextAsync("$34.45");
        await Expect(page.Count).ToHaveTextAsync("2 purchases");
        Assert.Empty(page.Tab.Problems);
    }

    [NeedsFact<Browser>]
    public async Task What_is_sent_has_the_price_on_the_shelf_digit_for_digit_and_a_key()
    {
        await using var page = await shop.OpenAsync(browser);
        var request = await page.SentByAsync(() => page.BuyAsync("Coffee mug"));

        Assert.Contains("\"price\":12.50,", request.PostData);
        Assert.True(Guid.TryParse(request.Headers["idempotency-key"], out _), request.Headers["idempotency-key"]);
    }

    [NeedsFact<Browser>]
    public async Task Surprise_me_buys_one_of_the_items_and_says_which()
    {
        await using var page = await shop.OpenAsync(browser);
        var request = await page.SentByAsync(() => page.Button("Surprise me").ClickAsync());
        var item = JsonDocument.Parse(request.PostData!).RootElement.GetProperty("item").GetString()!;

        await Expect(page.Text($"It’s the {item}, for $")).ToBeVisibleAsync();
        await page.IsRecordedAsync(item);
        await Expect(page.Page.Locator(".card h3")).ToContainTextAsync(ShopPage.Shelf);
        Assert.Contains(item, ShopPage.Shelf);
    }

    [NeedsFact<Browser>]
    public async Task Every_item_has_a_picture_that_loads_a_price_and_a_button()
    {
        await using var page = await shop.OpenAsync(browser);
        var cards = page.Cards;
        await Expect(cards).ToHaveCountAsync(ShopPage.Shelf.Length);
        foreach (var card in await cards.AllAsync())
        {
            await card.ScrollIntoViewIfNeededAsync();
            await Expect(card.Locator(".price")).ToHaveTextAsync(new Regex(@"^\$\d+\.\d\d$"));
            await Expect(card.GetByRole(AriaRole.Button)).ToBeVisibleAsync();
            await Eventually.TrueAsync(
                () => card.Locator("img").EvaluateAsync<bool>("image => image.complete && image.naturalWidth > 0"), "the picture is there");
        }
    }

    [NeedsFact<Browser>]
    public async Task A_double_click_and_a_key_that_is_held_down_buy_once()
    {
        var customer = shop.NewCustomer();
        await using var page = await shop.OpenAsAsync(browser, customer);
        var sent = 0;
        page.Page.Request += (_, request) => Interlocked.Add(ref sent, ShopPage.IsPurchase(request) ? 1 : 0);

        // The second click comes when the first has been answered, as early as a hand could be.
        await page.BuyButton("Umbrella").EvaluateAsync("""
            button => {
                new MutationObserver(() => button.textContent.startsWith("Bought") && button.click())
                    .observe(button, { childList: true, subtree: true });
            }
            """);
        await page.BuyButton("Umbrella").DblClickAsync();
        await page.IsRecordedAsync("Umbrella");
        await Expect(page.BuyButton("Umbrella")).ToHaveTextAsync("Buy Umbrella");
        Assert.Equal(1, sent);

        await page.BuyButton("Honey").FocusAsync();
        for (var i = 0; i < 3; i++)
        {
            await page.Page.Keyboard.DownAsync("Enter"); // from the second time on, the browser calls it a repeat
            await page.IsRecordedAsync("Honey");
            await Expect(page.BuyButton("Honey")).ToHaveTextAsync("Buy Honey");
        }

        await page.Page.Keyboard.UpAsync("Enter");
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page.Count).ToHaveTextAsync("3 purchases");
        Assert.Equal(3, sent);
    }
}
