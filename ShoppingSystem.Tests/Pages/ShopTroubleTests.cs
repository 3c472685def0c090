using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Pages;

/// <summary>What the shop page does about purchases that are not confirmed.</summary>
[Collection(ShopPageGroup.Name)]
public sealed class ShopTroubleTests(Browser browser, OpenShop shop)
{
    [NeedsTheory<Browser>]
    [InlineData(503, "The shop can’t take purchases just now.")]
    [InlineData(429, "The shop is very busy.")]
    public async Task When_the_shop_says_not_now_the_page_counts_down_and_retries_under_the_same_key(int status, string message)
    {
        await using var page = await shop.OpenAsync(browser);
        var keys = await page.AnswerPurchasesAsync(async (route, number) =>
        {
            if (number == 1)
            {
                await route.FulfillAsync(new()
                {
                    Status = status,
                    ContentType = "application/problem+json",
                    Headers = new Dictionary<string, string> { ["Retry-After"] = "50" },
                    Body = $$"""{"title":"Not now","status":{{status}}}""",
                });
                return;
            }

            await route.ContinueAsync();
        });

        await page.BuyAsync("Sneakers");
        await page.HeardAsync($"Sneakers is not confirmed yet. {message}");
        await Expect(page.Row("Sneakers")).ToContainTextAsync(new Regex($@"{message} Trying again in ([1-4]\d|50) s\."));
        await Expect(page.Card("Sneakers")).ToContainTextAsync(message);

        await page.Row("Sneakers").GetByRole(AriaRole.Button, new() { Name = "Try again Sneakers" }).ClickAsync();
        await page.IsRecordedAsync("Sneakers");
        await Expect(page.Rows).ToHaveCountAsync(1);
        Assert.Equal(2, keys.Count);
        Assert.Single(keys.Distinct());
        Assert.Empty(page.Tab.ProblemsOfThePage);
    }

    [NeedsFact<Browser>]
    public async Task A_purchase_whose_answer_is_lost_is_retried_by_itself_and_made_once()
    {
        var customer = shop.NewCustomer();
        await using var page = await shop.OpenAsAsync(browser, customer);
        var statuses = new ConcurrentQueue<int>();
        var told = new TaskCompletionSource();
        var keys = await page.AnswerPurchasesAsync(async (route, number) =>
        {
            if (number <= 2)
            {
                statuses.Enqueue((await route.FetchAsync()).Status);
                await route.AbortAsync("connectionreset");
                return;
            }

            await told.Task;
            await route.ContinueAsync();
        });

        await page.BuyAsync("Bicycle");
        await Expect(page.Row("Bicycle")).ToContainTextAsync("The shop can’t be reached.");
        told.SetResult();
        await Expect(page.Page.Locator("#purchases-list")).ToContainTextAsync(ShopPage.RecordedInMs());
        await Expect(page.Rows).ToHaveCountAsync(1);
        await Expect(page.Total).ToHaveTextAsync("$640.00");
        Assert.Equal([202, 202], statuses);
        Assert.True(keys.Count > 2);
        Assert.Single(keys.Distinct());
        Assert.Single(await shop.HistoryOf(customer));
    }

    [NeedsFact<Browser>]
    public async Task A_refusal_after_a_lost_answer_is_not_shown_as_nothing_bought()
    {
        var customer = shop.NewCustomer();
        await using var page = await shop.OpenAsAsync(browser, customer);
        var keys = await page.AnswerPurchasesAsync(async (route, number) =>
        {
            if (number == 1)
            {
                await route.FetchAsync();
                await route.AbortAsync("connectionreset");
            }
            else
            {
                // As a proxy says it that finds no shop behind it.
                await route.FulfillAsync(new() { Status = 404, Body = "404 page not found" });
            }
        });

        await page.BuyAsync("Cactus");
        var order = page.RowIn("stopped");
        await Expect(order).ToContainTextAsync("The shop refused: the shop answered 404. Trying again is safe: it is bought only once.");
        await page.HeardAsync("Cactus is not confirmed. The shop refused: the shop answered 404. Trying again is safe");
        Assert.Equal(2, keys.Count);
        await page.AnswerPurchasesNoMoreAsync();
        var request = await page.SentByAsync(() => page.TryAgainAsync("Cactus"));

        Assert.Equal(keys.Distinct().Single(), request.Headers["idempotency-key"]);
        await Expect(page.Rows).ToHaveCountAsync(1);
        await Expect(page.RowIn("recorded")).ToHaveCountAsync(1);
        Assert.Single(await shop.HistoryOf(customer));
    }

    [NeedsFact<Browser>]
    public async Task A_killed_shop_is_reported_and_the_purchase_is_made_when_it_is_back()
    {
        var data = StandaloneProcess.NewDataDirectory();
        try
        {
            await using var first = await StandaloneProcess.StartAsync(data);
            await using var page = await ShopPage.OpenAsync(browser, first.Shop.BaseAddress!);
            await page.BuyAsync("Notebook");
            await page.IsRecordedAsync("Notebook");

            await first.KillAsync();
            await page.BuyAsync("Desk lamp");
            await Expect(page.Row("Desk lamp")).ToContainTextAsync("The shop can’t be reached. Trying again");
            await page.HeardAsync("Desk lamp is not confirmed yet. The shop can’t be reached.");

            await using var second = await first.StartAgainAsync();
            await page.PressUntilBoughtAsync("Desk lamp");
            await page.IsRecordedAsync("Desk lamp");
            await Expect(page.Rows).ToHaveCountAsync(2);
            await Expect(page.Total).ToHaveTextAsync("$58.95");
            Assert.Empty(page.Tab.ProblemsOfThePage);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [NeedsFact<Browser>]
    public async Task A_shop_that_stays_away_is_not_asked_for_ever_and_the_order_survives_a_reload_with_its_key()
    {
        var customer = shop.NewCustomer();
        await using var page = await shop.OpenAsAsync(browser, customer);
        var keys = await page.AnswerPurchasesAsync((route, _) => route.AbortAsync());

        await page.BuyAsync("Headphones");
        await Expect(page.Row("Headphones")).ToContainTextAsync("Trying again is safe: it is bought only once.");
        await page.HeardAsync("Headphones is not confirmed.");
        Assert.Equal(5, keys.Count);

        await page.Page.ReloadAsync();
        await Expect(page.Row("Headphones")).ToContainTextAsync("Trying again is safe: it is bought only once.");
        Assert.Equal(5, keys.Count);
        await page.AnswerPurchasesNoMoreAsync();
        var request = await page.SentByAsync(() => page.TryAgainAsync("Headphones"));
        Assert.Equal(keys.Distinct().Single(), request.Headers["idempotency-key"]);
        await page.IsRecordedAsync("Headphones");
        Assert.Single(await shop.HistoryOf(customer));
    }

    [NeedsFact<Browser>]
    public async Task A_discarded_order_is_removed_and_buying_again_is_a_new_one()
    {
        await using var page = await shop.OpenAsync(browser);
        await page.AnswerPurchasesAsync(route => route.AbortAsync());
        var first = await page.SentByAsync(() => page.BuyAsync("Lemon"));
        await page.ForgetAsync("Lemon");
        await Expect(page.Rows).ToHaveCountAsync(0);
        await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Name = "My purchases" })).ToBeFocusedAsync();

        await page.AnswerPurchasesNoMoreAsync();
        var second = await page.SentByAsync(() => page.BuyAsync("Lemon"));
        Assert.NotEqual(first.Headers["idempotency-key"], second.Headers["idempotency-key"]);
        await Expect(page.Rows).ToHaveCountAsync(1);
    }

    [NeedsFact<Browser>]
    public async Task A_refused_purchase_says_what_is_wrong_and_can_be_tried_again_when_that_is_put_right()
    {
        await using var page = await shop.OpenAsync(browser);
        await page.AnswerPurchasesAsync(route => route.ContinueAsync(new()
        {
            PostData = Encoding.UTF8.GetBytes("""{"username":"","userid":"a\u0000b","price":15.00,"item":"Cactus"}"""),
        }));

        await page.BuyAsync("Cactus");
        var row = page.Row("Cactus");
        await Expect(row).ToContainTextAsync(
            "The shop refused: your name must not be empty; your id must not contain control characters. Nothing was bought.");
        await page.HeardAsync("Cactus is not bought. The shop refused: your name must not be empty");
        await Expect(page.Id).ToHaveAttributeAsync("aria-invalid", "true");
        await page.AnswerPurchasesNoMoreAsync();

        var other = shop.NewCustomer();
        await page.Id.FillAsync(other.UserId);
        await page.SaveAsync();
        await page.TryAgainAsync("Cactus");
        await page.IsRecordedAsync("Cactus");
        Assert.Single(await shop.HistoryOf(other));
        Assert.Empty(page.Tab.ProblemsOfThePage);
    }
}
