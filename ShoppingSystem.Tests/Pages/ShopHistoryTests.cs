using System.Collections.Concurrent;
using System.Diagnostics;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Pages;

/// <summary>What the shop page shows of what was bought.</summary>
[Collection(ShopPageGroup.Name)]
public sealed class ShopHistoryTests(Browser browser, OpenShop shop)
{
    [NeedsFact<Browser>]
    public async Task Money_is_shown_as_the_server_wrote_it_and_text_is_only_text()
    {
        var customer = shop.NewCustomer();
        const string Script = "<img src=x onerror=document.title='hacked'> \"12.5\" \\ 買う";
        await shop.BuyAsync(customer, "12.5", "one decimal");
        await shop.BuyAsync(customer, "0.1000", "four decimals");
        await shop.BuyAsync(customer, "999999999.9999", Script);
        await shop.RecordedAsync(customer, 3);

        await using var page = await shop.OpenAsAsync(browser, customer);
        await Expect(page.Price("one decimal")).ToHaveTextAsync("$12.50");
        await Expect(page.Price("four decimals")).ToHaveTextAsync("$0.1000");
        await Expect(page.Price("買う")).ToHaveTextAsync("$999,999,999.9999");
        await Expect(page.Row("買う").Locator(".row-item")).ToHaveTextAsync(Script);
        await Expect(page.Total).ToHaveTextAsync("$1,000,000,012.5999");
        await Expect(page.Page).ToHaveTitleAsync("The Corner Shop");
        Assert.Empty(page.Tab.Problems);
    }

    [NeedsFact<Browser>]
    public async Task Purchases_are_paged_newest_first()
    {
        var customer = shop.NewCustomer();
        for (var i = 1; i <= 45; i++)
        {
            await shop.BuyAsync(customer, "1.25", $"no. {i}");
        }

        await shop.RecordedAsync(customer, 45);
        await using var page = await shop.OpenAsAsync(browser, customer);
        var older = page.Button("Show older");
        await Expect(page.Rows).ToHaveCountAsync(20);
        await Expect(page.Count).ToHaveTextAsync("45 purchases");
        await Expect(page.Total).ToHaveTextAsync("$56.25");

        await older.ClickAsync();
        await Expect(page.Rows).ToHaveCountAsync(40);
        await Expect(page.Rows.Nth(20)).ToBeFocusedAsync();
        await older.ClickAsync();
        await Expect(page.Rows).ToHaveCountAsync(45);
        await Expect(older).ToBeHiddenAsync();
        Assert.Equal(
            Enumerable.Range(1, 45).Reverse().Select(i => $"no. {i}"),
            await page.RowItems.AllTextContentsAsync());

        await page.BuyAsync("Umbrella");
        await Expect(page.Rows).ToHaveCountAsync(46);
        await Expect(page.Rows.First).ToContainTextAsync(ShopPage.RecordedInMs());
    }

    [NeedsFact<Browser>]
    public async Task The_page_shows_only_a_part_of_a_long_history()
    {
        var customer = shop.NewCustomer();
        const int All = 340;
        await Parallel.ForEachAsync(Enumerable.Range(1, All), async (i, _) => await shop.BuyAsync(customer, "1", $"no. {i}"));
        await shop.RecordedAsync(customer, All);
        await using var page = await shop.OpenAsAsync(browser, customer);
        var back = page.Button("Back to the newest");
        for (var shown = 20; shown < 300; shown += 20)
        {
            await Expect(page.Rows).ToHaveCountAsync(shown);
            await Expect(back).ToBeHiddenAsync();
            await page.ShowOlderAsync();
        }

        await Expect(page.Rows).ToHaveCountAsync(300);
        await page.ShowOlderAsync();
        await Expect(page.Rows).ToHaveCountAsync(20);
        await back.ClickAsync();
        await Expect(back).ToBeHiddenAsync();
        await Expect(page.Rows).ToHaveCountAsync(20);
        Assert.Equal((await shop.HistoryOf(customer))[0].GetProperty("item").GetString(), await page.RowItems.First.TextContentAsync());
    }

    [NeedsFact<Browser>]
    public async Task While_the_history_is_away_buying_goes_on_and_the_page_catches_up_by_itself()
    {
        await using var page = await shop.OpenAsync(browser);
        await Expect(page.Empty).ToBeVisibleAsync();
        await page.AnswerHistoryAsync(route => route.FulfillAsync(new() { Status = 503, Body = "{}" }));

        await page.BuyAsync("Honey");
        await Expect(page.Row("Honey")).ToContainTextAsync("Pending");
        await Expect(page.Text("Your purchases can’t be shown just now. What you bought is safe.")).ToBeVisibleAsync();

        await page.AnswerHistoryNoMoreAsync();
        await page.IsRecordedAsync("Honey");
        await Expect(page.Text("Your purchases can’t be shown just now.")).ToBeHiddenAsync();
        await Expect(page.Total).ToHaveTextAsync("$8.90");
    }

    [NeedsFact<Browser>]
    public async Task While_nothing_is_recorded_the_history_is_asked_ever_more_seldom_however_much_is_pending()
    {
        await using var page = await shop.OpenAsync(browser);
        await Expect(page.Empty).ToBeVisibleAsync();
        var asked = new ConcurrentQueue<long>();
        await page.AnswerHistoryAsync(route =>
        {
            asked.Enqueue(Stopwatch.GetTimestamp());
            return route.FulfillAsync(new() { ContentType = "application/json", Body = "[]" });
        });

        await page.BuyAsync("Honey");
        await page.BuyAsync("Lemon");
        await page.BuyAsync("Teapot");
        await Expect(page.Pending).ToHaveTextAsync("and 3 pending");

        // The delays double from 40 ms on, give or take a fifth, so that eight questions take at least 2 s, and longer on a
        // slow machine. Without that, they take as long as the machine needs for them.
        var from = asked.Count;
        await Eventually.TrueAsync(() => asked.Count >= from + 8, "eight more questions");
        var times = asked.ToArray();
        Assert.True(Stopwatch.GetElapsedTime(times[from], times[from + 7]) > TimeSpan.FromSeconds(1.5));
    }
}
