using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Pages;

/// <summary>The shop page in a real browser, against the real product.</summary>
public sealed partial class ShopPageTests(Browser browser, ShopPageTests.Shop shop) : IClassFixture<Browser>, IClassFixture<ShopPageTests.Shop>
{
    private const string BuyRoute = "**/api/v1/buy";
    private const string HistoryRoute = "**/api/v1/getAllUserBuys/**";

    private static int s_customers;

    /// <summary>One Standalone for all tests; every test has a customer of its own.</summary>
    public sealed class Shop : IAsyncLifetime
    {
        private readonly string _data = StandaloneProcess.NewDataDirectory();
        private StandaloneProcess? _standalone;

        internal HttpClient Client => _standalone!.Shop;

        public async ValueTask InitializeAsync()
        {
            if (Browser.WhyNot is null)
            {
                _standalone = await StandaloneProcess.StartAsync(_data);
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (_standalone is not null)
            {
                await _standalone.DisposeAsync();
            }

            Directory.Delete(_data, recursive: true);
        }
    }

    [NeedsFact<Browser>]
    public async Task A_bought_item_is_pending_at_once_and_recorded_moments_later()
    {
        await using var tab = await Open();
        var page = tab.Page;
        await Expect(page.GetByText("Nothing yet.")).ToBeVisibleAsync();
        var recorded = new TaskCompletionSource();
        await page.RouteAsync(HistoryRoute, async route =>
        {
            await recorded.Task;
            await route.ContinueAsync();
        });

        await Buy(page, "Teapot");

        await Expect(Rows(page)).ToHaveCountAsync(1);
        await Expect(Row(page, "Teapot")).ToContainTextAsync("Pending");
        await Heard(page, "Teapot bought for $34.00. Pending.");
        await Expect(page.Locator("#pending-count")).ToHaveTextAsync("and 1 pending");
        await Expect(page.Locator("#total")).ToHaveTextAsync("$0.00");

        recorded.SetResult();
        await Expect(Row(page, "Teapot")).ToContainTextAsync(RecordedInMs());
        await Expect(Row(page, "Teapot")).ToContainTextAsync("$34.00");
        await Heard(page, "Teapot, $34.00: recorded within ");
        await Expect(page.Locator("#total")).ToHaveTextAsync("$34.00");
        await Expect(page.Locator("#count")).ToHaveTextAsync("1 purchase");
        await Expect(page.Locator("#pending-count")).ToHaveTextAsync("");

        await Buy(page, "Lemon");
        await Expect(Row(page, "Lemon")).ToContainTextAsync(RecordedInMs());
        await Expect(Rows(page).First).ToContainTextAsync("Lemon");
        await Expect(page.Locator("#total")).ToHaveTextAsync("$34.45");
        await Expect(page.Locator("#count")).ToHaveTextAsync("2 purchases");
        Assert.Empty(tab.Problems);
    }

    [NeedsFact<Browser>]
    public async Task Money_is_shown_as_the_server_wrote_it_and_text_is_only_text()
    {
        var customer = NewCustomer();
        const string Script = "<img src=x onerror=document.title='hacked'> \"12.5\" \\ 買う";
        await BuyDirectly(customer, "12.5", "one decimal");
        await BuyDirectly(customer, "0.1000", "four decimals");
        await BuyDirectly(customer, "999999999.9999", Script);
        await Recorded(customer, 3);

        await using var tab = await OpenAs(customer);
        await Expect(Row(tab.Page, "one decimal").Locator(".row-price")).ToHaveTextAsync("$12.50");
        await Expect(Row(tab.Page, "four decimals").Locator(".row-price")).ToHaveTextAsync("$0.1000");
        await Expect(Row(tab.Page, "買う").Locator(".row-price")).ToHaveTextAsync("$999,999,999.9999");
        await Expect(Row(tab.Page, "買う").Locator(".row-item")).ToHaveTextAsync(Script);
        await Expect(tab.Page.Locator("#total")).ToHaveTextAsync("$1,000,000,012.5999");
        await Expect(tab.Page).ToHaveTitleAsync("The Corner Shop");
        Assert.Empty(tab.Problems);
    }

    [NeedsFact<Browser>]
    public async Task What_is_sent_has_the_price_on_the_shelf_digit_for_digit_and_a_key()
    {
        await using var tab = await Open();
        var request = await tab.Page.RunAndWaitForRequestAsync(() => Buy(tab.Page, "Coffee mug"), Requests(BuyRoute));

        Assert.Contains("\"price\":12.50,", request.PostData);
        Assert.True(Guid.TryParse(request.Headers["idempotency-key"], out _), request.Headers["idempotency-key"]);
    }

    [NeedsFact<Browser>]
    public async Task Who_is_buying_is_remembered_and_purchases_belong_to_the_id()
    {
        await using var tab = await Open();
        var page = tab.Page;
        await Expect(page.GetByText("Welcome!")).ToBeVisibleAsync();
        var madeUp = await page.Locator("#customer-id").TextContentAsync();
        await page.ReloadAsync();
        await Expect(page.Locator("#customer-id")).ToHaveTextAsync(madeUp!);
        await Buy(page, "Honey");
        await Expect(Rows(page)).ToHaveCountAsync(1);

        var ada = NewCustomer();
        await page.GetByLabel("Name").FillAsync(ada.Name);
        await page.GetByLabel("Id", new() { Exact = true }).FillAsync(ada.UserId);
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.Locator("#customer-name")).ToHaveTextAsync(ada.Name);
        await Expect(page.GetByText("Nothing yet.")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Change" })).ToBeFocusedAsync();
        await Buy(page, "Cactus");
        await Expect(Row(page, "Cactus")).ToContainTextAsync(RecordedInMs());

        await page.ReloadAsync();
        await Expect(page.Locator("#customer-name")).ToHaveTextAsync(ada.Name);
        await Expect(page.Locator("#customer-id")).ToHaveTextAsync(ada.UserId);
        await Expect(page.GetByText("Welcome!")).ToBeHiddenAsync();
        await Expect(Rows(page)).ToHaveCountAsync(1);
        await Expect(Row(page, "Cactus")).ToBeVisibleAsync();
        Assert.Equal(ada.Name, (await HistoryOf(ada)).Single().GetProperty("username").GetString());
    }

    [NeedsTheory<Browser>]
    [InlineData("", "must not be empty")]
    [InlineData("a\u0001b", "must not contain control characters")]
    [InlineData("129 x", "must have at most 128 characters")]
    public async Task A_name_or_id_against_the_rules_is_not_taken_and_the_field_says_why(string text, string reason)
    {
        text = text == "129 x" ? new string('x', 129) : text;
        await using var tab = await Open();
        var page = tab.Page;
        var before = await page.Locator("#customer-id").TextContentAsync();

        foreach (var label in (string[])["Name", "Id"])
        {
            var field = page.GetByLabel(label, new() { Exact = true });
            var fine = await field.InputValueAsync();
            await field.FillAsync(text);
            await field.PressAsync("Enter");
            await Expect(field).ToBeFocusedAsync();
            await Expect(field).ToHaveAttributeAsync("aria-invalid", "true");
            await Expect(field).ToHaveAccessibleDescriptionAsync(new Regex($"{label} {reason}$"));
            await field.FillAsync(fine);
            await Expect(field).ToHaveAttributeAsync("aria-invalid", "false");
        }

        await Expect(page.Locator("#customer-id")).ToHaveTextAsync(before!);
    }

    [NeedsFact<Browser>]
    public async Task Surprise_me_buys_one_of_the_items_and_says_which()
    {
        await using var tab = await Open();
        var page = tab.Page;
        var request = await page.RunAndWaitForRequestAsync(
            () => page.GetByRole(AriaRole.Button, new() { Name = "Surprise me" }).ClickAsync(), Requests(BuyRoute));
        var item = JsonDocument.Parse(request.PostData!).RootElement.GetProperty("item").GetString()!;

        await Expect(page.GetByText($"It’s the {item}, for $")).ToBeVisibleAsync();
        await Expect(Row(page, item)).ToContainTextAsync(RecordedInMs());
        await Expect(page.Locator(".card h3")).ToContainTextAsync(Shelf);
        Assert.Contains(item, Shelf);
    }

    [NeedsFact<Browser>]
    public async Task Every_item_has_a_picture_that_loads_a_price_and_a_button()
    {
        await using var tab = await Open();
        var cards = tab.Page.Locator(".card");
        await Expect(cards).ToHaveCountAsync(Shelf.Length);
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
    public async Task Purchases_are_paged_newest_first()
    {
        var customer = NewCustomer();
        for (var i = 1; i <= 45; i++)
        {
            await BuyDirectly(customer, "1.25", $"no. {i}");
        }

        await Recorded(customer, 45);
        await using var tab = await OpenAs(customer);
        var page = tab.Page;
        var older = page.GetByRole(AriaRole.Button, new() { Name = "Show older" });
        await Expect(Rows(page)).ToHaveCountAsync(20);
        await Expect(page.Locator("#count")).ToHaveTextAsync("45 purchases");
        await Expect(page.Locator("#total")).ToHaveTextAsync("$56.25");

        await older.ClickAsync();
        await Expect(Rows(page)).ToHaveCountAsync(40);
        await Expect(Rows(page).Nth(20)).ToBeFocusedAsync();
        await older.ClickAsync();
        await Expect(Rows(page)).ToHaveCountAsync(45);
        await Expect(older).ToBeHiddenAsync();
        Assert.Equal(
            Enumerable.Range(1, 45).Reverse().Select(i => $"no. {i}"),
            await page.Locator(".row-item").AllTextContentsAsync());

        await Buy(page, "Umbrella");
        await Expect(Rows(page)).ToHaveCountAsync(46);
        await Expect(Rows(page).First).ToContainTextAsync(RecordedInMs());
    }

    [NeedsFact<Browser>]
    public async Task However_long_the_history_the_page_shows_a_part_of_it()
    {
        var customer = NewCustomer();
        const int All = 340;
        await Parallel.ForEachAsync(Enumerable.Range(1, All), async (i, _) => await BuyDirectly(customer, "1", $"no. {i}"));
        await Recorded(customer, All);
        await using var tab = await OpenAs(customer);
        var page = tab.Page;
        var back = page.GetByRole(AriaRole.Button, new() { Name = "Back to the newest" });
        for (var shown = 20; shown < 300; shown += 20)
        {
            await Expect(Rows(page)).ToHaveCountAsync(shown);
            await Expect(back).ToBeHiddenAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = "Show older" }).ClickAsync();
        }

        await Expect(Rows(page)).ToHaveCountAsync(300);
        await page.GetByRole(AriaRole.Button, new() { Name = "Show older" }).ClickAsync();
        await Expect(Rows(page)).ToHaveCountAsync(20);
        await back.ClickAsync();
        await Expect(back).ToBeHiddenAsync();
        await Expect(Rows(page)).ToHaveCountAsync(20);
        Assert.Equal((await HistoryOf(customer))[0].GetProperty("item").GetString(), await page.Locator(".row-item").First.TextContentAsync());
    }

    [NeedsTheory<Browser>]
    [InlineData(503, "The shop can’t take purchases just now.")]
    [InlineData(429, "The shop is very busy.")]
    public async Task When_the_shop_says_not_now_the_page_counts_down_and_retries_under_the_same_key(int status, string message)
    {
        await using var tab = await Open();
        var page = tab.Page;
        var keys = await AnswerBuys(page, async (route, number) =>
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

        await Buy(page, "Sneakers");
        await Heard(page, $"Sneakers is not confirmed yet. {message}");
        await Expect(Row(page, "Sneakers")).ToContainTextAsync(new Regex($@"{message} Trying again in ([1-4]\d|50) s\."));
        await Expect(Card(page, "Sneakers")).ToContainTextAsync(message);

        await Row(page, "Sneakers").GetByRole(AriaRole.Button, new() { Name = "Try again Sneakers" }).ClickAsync();
        await Expect(Row(page, "Sneakers")).ToContainTextAsync(RecordedInMs());
        await Expect(Rows(page)).ToHaveCountAsync(1);
        Assert.Equal(2, keys.Count);
        Assert.Single(keys.Distinct());
        Assert.Empty(tab.ProblemsOfThePage);
    }

    [NeedsFact<Browser>]
    public async Task A_purchase_whose_answer_is_lost_is_retried_by_itself_and_made_once()
    {
        var customer = NewCustomer();
        await using var tab = await OpenAs(customer);
        var page = tab.Page;
        var statuses = new ConcurrentQueue<int>();
        var told = new TaskCompletionSource();
        var keys = await AnswerBuys(page, async (route, number) =>
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

        await Buy(page, "Bicycle");
        await Expect(Row(page, "Bicycle")).ToContainTextAsync("The shop can’t be reached.");
        told.SetResult();
        await Expect(page.Locator("#purchases-list")).ToContainTextAsync(RecordedInMs());
        await Expect(Rows(page)).ToHaveCountAsync(1);
        await Expect(page.Locator("#total")).ToHaveTextAsync("$640.00");
        Assert.Equal([202, 202], statuses);
        Assert.True(keys.Count > 2);
        Assert.Single(keys.Distinct());
        Assert.Single(await HistoryOf(customer));
    }

    [NeedsFact<Browser>]
    public async Task A_no_after_an_answer_that_is_lost_is_not_taken_for_nothing_bought()
    {
        var customer = NewCustomer();
        await using var tab = await OpenAs(customer);
        var page = tab.Page;
        var keys = await AnswerBuys(page, async (route, number) =>
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

        await Buy(page, "Cactus");
        var order = page.Locator(".row[data-state=stopped]");
        await Expect(order).ToContainTextAsync("The shop refused: the shop answered 404. Trying again is safe: it is bought only once.");
        await Heard(page, "Cactus is not confirmed. The shop refused: the shop answered 404. Trying again is safe");
        Assert.Equal(2, keys.Count);
        await page.UnrouteAsync(BuyRoute);
        var request = await page.RunAndWaitForRequestAsync(() => Press(page, "Try again Cactus", ".row"), Requests(BuyRoute));

        Assert.Equal(keys.Distinct().Single(), request.Headers["idempotency-key"]);
        await Expect(Rows(page)).ToHaveCountAsync(1);
        await Expect(page.Locator(".row[data-state=recorded]")).ToHaveCountAsync(1);
        Assert.Single(await HistoryOf(customer));
    }

    [NeedsFact<Browser>]
    public async Task A_killed_shop_is_told_and_the_purchase_is_made_once_it_is_back()
    {
        var data = StandaloneProcess.NewDataDirectory();
        try
        {
            await using var first = await StandaloneProcess.StartAsync(data);
            await using var tab = await browser.OpenAsync(first.Shop.BaseAddress!, Listen);
            var page = tab.Page;
            await Buy(page, "Notebook");
            await Expect(Row(page, "Notebook")).ToContainTextAsync(RecordedInMs());

            await first.KillAsync();
            await Buy(page, "Desk lamp");
            await Expect(Row(page, "Desk lamp")).ToContainTextAsync("The shop can’t be reached. Trying again");
            await Heard(page, "Desk lamp is not confirmed yet. The shop can’t be reached.");

            await using var second = await first.StartAgainAsync();
            await PressUntilBought(page, "Desk lamp");
            await Expect(Row(page, "Desk lamp")).ToContainTextAsync(RecordedInMs());
            await Expect(Rows(page)).ToHaveCountAsync(2);
            await Expect(page.Locator("#total")).ToHaveTextAsync("$58.95");
            Assert.Empty(tab.ProblemsOfThePage);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [NeedsFact<Browser>]
    public async Task A_shop_that_stays_away_is_not_asked_for_ever_and_the_order_survives_a_reload_with_its_key()
    {
        var customer = NewCustomer();
        await using var tab = await OpenAs(customer);
        var page = tab.Page;
        var keys = await AnswerBuys(page, (route, _) => route.AbortAsync());

        await Buy(page, "Headphones");
        await Expect(Row(page, "Headphones")).ToContainTextAsync("Trying again is safe: it is bought only once.");
        await Heard(page, "Headphones is not confirmed.");
        Assert.Equal(5, keys.Count);

        await page.ReloadAsync();
        await Expect(Row(page, "Headphones")).ToContainTextAsync("Trying again is safe: it is bought only once.");
        Assert.Equal(5, keys.Count);
        await page.UnrouteAsync(BuyRoute);
        var request = await page.RunAndWaitForRequestAsync(() => Press(page, "Try again Headphones", ".row"), Requests(BuyRoute));
        Assert.Equal(keys.Distinct().Single(), request.Headers["idempotency-key"]);
        await Expect(Row(page, "Headphones")).ToContainTextAsync(RecordedInMs());
        Assert.Single(await HistoryOf(customer));
    }

    [NeedsFact<Browser>]
    public async Task An_order_that_is_forgotten_is_gone_and_buying_again_is_another_one()
    {
        await using var tab = await Open();
        var page = tab.Page;
        await page.RouteAsync(BuyRoute, route => route.AbortAsync());
        var first = await page.RunAndWaitForRequestAsync(() => Buy(page, "Lemon"), Requests(BuyRoute));
        await Press(page, "Forget it Lemon", ".row");
        await Expect(Rows(page)).ToHaveCountAsync(0);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "My purchases" })).ToBeFocusedAsync();

        await page.UnrouteAsync(BuyRoute);
        var second = await page.RunAndWaitForRequestAsync(() => Buy(page, "Lemon"), Requests(BuyRoute));
        Assert.NotEqual(first.Headers["idempotency-key"], second.Headers["idempotency-key"]);
        await Expect(Rows(page)).ToHaveCountAsync(1);
    }

    [NeedsFact<Browser>]
    public async Task A_refused_purchase_says_what_is_wrong_and_can_be_tried_again_when_that_is_put_right()
    {
        await using var tab = await Open();
        var page = tab.Page;
        await page.RouteAsync(BuyRoute, route => route.ContinueAsync(new()
        {
            PostData = System.Text.Encoding.UTF8.GetBytes("""{"username":"","userid":"a\u0000b","price":15.00,"item":"Cactus"}"""),
        }));

        await Buy(page, "Cactus");
        var row = Row(page, "Cactus");
        await Expect(row).ToContainTextAsync(
            "The shop refused: your name must not be empty; your id must not contain control characters. Nothing was bought.");
        await Heard(page, "Cactus is not bought. The shop refused: your name must not be empty");
        await Expect(page.GetByLabel("Id", new() { Exact = true })).ToHaveAttributeAsync("aria-invalid", "true");
        await page.UnrouteAsync(BuyRoute);

        var other = NewCustomer();
        await page.GetByLabel("Id", new() { Exact = true }).FillAsync(other.UserId);
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Press(page, "Try again Cactus", ".row");
        await Expect(Row(page, "Cactus")).ToContainTextAsync(RecordedInMs());
        Assert.Single(await HistoryOf(other));
        Assert.Empty(tab.ProblemsOfThePage);
    }

    [NeedsFact<Browser>]
    public async Task While_the_history_is_away_buying_goes_on_and_the_page_catches_up_by_itself()
    {
        await using var tab = await Open();
        var page = tab.Page;
        await Expect(page.GetByText("Nothing yet.")).ToBeVisibleAsync();
        await page.RouteAsync(HistoryRoute, route => route.FulfillAsync(new() { Status = 503, Body = "{}" }));

        await Buy(page, "Honey");
        await Expect(Row(page, "Honey")).ToContainTextAsync("Pending");
        await Expect(page.GetByText("Your purchases can’t be shown just now. What you bought is safe.")).ToBeVisibleAsync();

        await page.UnrouteAsync(HistoryRoute);
        await Expect(Row(page, "Honey")).ToContainTextAsync(RecordedInMs());
        await Expect(page.GetByText("Your purchases can’t be shown just now.")).ToBeHiddenAsync();
        await Expect(page.Locator("#total")).ToHaveTextAsync("$8.90");
    }

    [NeedsFact<Browser>]
    public async Task While_nothing_is_recorded_the_history_is_asked_ever_more_seldom_however_much_is_pending()
    {
        await using var tab = await Open();
        var page = tab.Page;
        await Expect(page.GetByText("Nothing yet.")).ToBeVisibleAsync();
        var asked = new ConcurrentQueue<long>();
        await page.RouteAsync(HistoryRoute, route =>
        {
            asked.Enqueue(Stopwatch.GetTimestamp());
            return route.FulfillAsync(new() { ContentType = "application/json", Body = "[]" });
        });

        await Buy(page, "Honey");
        await Buy(page, "Lemon");
        await Buy(page, "Teapot");
        await Expect(page.Locator("#pending-count")).ToHaveTextAsync("and 3 pending");

        // The delays double from 40 ms on, give or take a fifth, so that eight questions take at least 2 s, and longer on a
        // slow machine. Without that, they take as long as the machine needs for them.
        var from = asked.Count;
        await Eventually.TrueAsync(() => asked.Count >= from + 8, "eight more questions");
        var times = asked.ToArray();
        Assert.True(Stopwatch.GetElapsedTime(times[from], times[from + 7]) > TimeSpan.FromSeconds(1.5));
    }

    [NeedsFact<Browser>]
    public async Task A_double_click_and_a_key_that_is_held_down_buy_once()
    {
        var customer = NewCustomer();
        await using var tab = await OpenAs(customer);
        var page = tab.Page;
        var sent = 0;
        page.Request += (_, request) => Interlocked.Add(ref sent, Requests(BuyRoute)(request) ? 1 : 0);

        // The second click comes when the first has been answered, as early as a hand could be.
        await BuyButton(page, "Umbrella").EvaluateAsync("""
            button => {
                new MutationObserver(() => button.textContent.startsWith("Bought") && button.click())
                    .observe(button, { childList: true, subtree: true });
            }
            """);
        await BuyButton(page, "Umbrella").DblClickAsync();
        await Expect(Row(page, "Umbrella")).ToContainTextAsync(RecordedInMs());
        await Expect(BuyButton(page, "Umbrella")).ToHaveTextAsync("Buy Umbrella");
        Assert.Equal(1, sent);

        await BuyButton(page, "Honey").FocusAsync();
        for (var i = 0; i < 3; i++)
        {
            await page.Keyboard.DownAsync("Enter"); // from the second time on, the browser calls it a repeat
            await Expect(Row(page, "Honey")).ToContainTextAsync(RecordedInMs());
            await Expect(BuyButton(page, "Honey")).ToHaveTextAsync("Buy Honey");
        }

        await page.Keyboard.UpAsync("Enter");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#count")).ToHaveTextAsync("3 purchases");
        Assert.Equal(3, sent);
    }

    [NeedsFact<Browser>]
    public async Task A_purchase_can_be_made_with_the_keyboard_alone_and_the_focus_stays_in_sight()
    {
        await using var tab = await Open();
        var page = tab.Page;
        await Expect(page.GetByText("Nothing yet.")).ToBeVisibleAsync();

        await page.Keyboard.PressAsync("Tab");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Skip to the items" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "On the shelf today" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Tab");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Surprise me" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Tab");
        await Expect(BuyButton(page, "Lemon")).ToBeFocusedAsync();
        Assert.NotEqual("none", await page.EvaluateAsync<string>("getComputedStyle(document.activeElement).outlineStyle"));
        await page.Keyboard.PressAsync("Space");
        await Expect(Row(page, "Lemon")).ToContainTextAsync(RecordedInMs());
        await Expect(BuyButton(page, "Lemon")).ToBeFocusedAsync();
    }

    [NeedsTheory<Browser>]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 1280)]
    [InlineData(ColorScheme.Light, 320)]
    [InlineData(ColorScheme.Dark, 320)]
    public async Task Everything_can_be_read_named_and_reached(ColorScheme scheme, int width)
    {
        await using var tab = await Open(options =>
        {
            options.ColorScheme = scheme;
            options.ReducedMotion = ReducedMotion.Reduce;
            options.ViewportSize = new() { Width = width, Height = 800 };
        });
        var page = tab.Page;
        await Buy(page, "Teapot");
        await Expect(Row(page, "Teapot")).ToContainTextAsync(RecordedInMs());
        await page.RouteAsync(BuyRoute, route => route.AbortAsync());
        await Buy(page, "Lemon");
        await Expect(Row(page, "Lemon")).ToContainTextAsync("The shop can’t be reached.");
        await page.GetByLabel("Name").FillAsync("");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.GetByText("Name must not be empty")).ToBeVisibleAsync();

        Assert.Empty(await page.EvaluateAsync<string[]>(UnreadableText));
        Assert.Equal(width, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));

        foreach (var role in (AriaRole[])[AriaRole.Banner, AriaRole.Main, AriaRole.Contentinfo])
        {
            await Expect(page.GetByRole(role)).ToHaveCountAsync(1);
        }

        foreach (var region in (string[])["Who is buying", "On the shelf today", "My purchases"])
        {
            await Expect(page.GetByRole(AriaRole.Region, new() { Name = region })).ToHaveCountAsync(1);
        }

        await Expect(page.GetByRole(AriaRole.Status)).ToHaveCountAsync(1);
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveCountAsync(1);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveCountAsync(1);
        foreach (var control in await page.Locator("a, button, input, ol").AllAsync())
        {
            if (await control.IsVisibleAsync())
            {
                await Expect(control).ToHaveAccessibleNameAsync(new Regex(@"\S"));
            }
        }

        Assert.Empty(await page.EvaluateAsync<string[]>("Array.from(document.images, image => image.alt).filter(alt => alt !== '')"));
        Assert.Empty(tab.ProblemsOfThePage);
    }

    [NeedsFact<Browser>]
    public async Task Nothing_but_the_shops_own_scripts_run_and_nothing_comes_from_elsewhere()
    {
        await using var tab = await Open();
        var page = tab.Page;
        var strangers = new ConcurrentQueue<string>();
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(shop.Client.BaseAddress!.ToString(), StringComparison.Ordinal))
            {
                strangers.Enqueue(request.Url);
            }
        };
        await page.ReloadAsync();
        await Buy(page, "Teapot");
        await Expect(Row(page, "Teapot")).ToContainTextAsync(RecordedInMs());
        Assert.Empty(strangers);
        Assert.Empty(tab.Problems);

        await page.EvaluateAsync("""
            () => {
                const script = document.createElement("script");
                script.textContent = "document.title = 'hacked'";
                document.body.append(script);
            }
            """);
        await Eventually.TrueAsync(() => tab.Problems.Any(p => p.Contains("Content Security Policy", StringComparison.Ordinal)), "the browser refuses it");
        await Expect(page).ToHaveTitleAsync("The Corner Shop");
    }

    // Text of less contrast with what is behind it than WCAG 2 AA asks for: 4.5, or 3 where it is large.
    internal const string UnreadableText = """
        () => {
            const channels = color => color.match(/[\d.]+/g).map(Number);
            const luminance = ([r, g, b]) => [r, g, b]
                .map(c => c / 255)
                .map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
                .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
            const background = element => {
                for (let e = element; e; e = e.parentElement) {
                    const color = channels(getComputedStyle(e).backgroundColor);
                    if (color.length === 3) {
                        return color;
                    }
                }
                throw new Error("no background");
            };
            const bad = [];
            const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            while (texts.nextNode()) {
                const element = texts.currentNode.parentElement;
                if (!texts.currentNode.data.trim() || !element.checkVisibility() || element.closest("noscript")) {
                    continue;
                }
                const style = getComputedStyle(element);
                const [light, dark] = [luminance(channels(style.color)), luminance(background(element))].sort((a, b) => b - a);
                const size = parseFloat(style.fontSize);
                const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
                const ratio = (light + 0.05) / (dark + 0.05);
                if (ratio < (large ? 3 : 4.5)) {
                    bad.push(`${ratio.toFixed(2)}: ${texts.currentNode.data.trim()}`);
                }
            }
            return bad;
        }
        """;

    private static readonly string[] Shelf =
    [
        "Lemon", "Coffee mug", "Teapot", "Honey", "Sourdough loaf", "Cactus",
        "Notebook", "Desk lamp", "Umbrella", "Headphones", "Sneakers", "Bicycle",
    ];

    private static Customer NewCustomer()
    {
        var number = Interlocked.Increment(ref s_customers);
        return new($"Ada {number}", $"ada/{number}, 50% &c?");
    }

    private Task<Tab> Open(Action<BrowserNewContextOptions>? configure = null) => browser.OpenAsync(shop.Client.BaseAddress!, Listen, configure);

    private Task<Tab> OpenAs(Customer customer) => Open(options => options.StorageState = JsonSerializer.Serialize(new
    {
        cookies = Array.Empty<object>(),
        origins = new[]
        {
            new
            {
                origin = shop.Client.BaseAddress!.GetLeftPart(UriPartial.Authority),
                localStorage = new[]
                {
                    new { name = "shop.customer", value = JsonSerializer.Serialize(new { name = customer.Name, userid = customer.UserId, chosen = true }) },
                },
            },
        },
    }));

    private async Task BuyDirectly(Customer customer, string price, string item)
    {
        var body = $$"""{"username":{{JsonSerializer.Serialize(customer.Name)}},"userid":{{JsonSerializer.Serialize(customer.UserId)}},"price":{{price}},"item":{{JsonSerializer.Serialize(item)}}}""";
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var reply = await shop.Client.PostAsync("/api/v1/buy", content);
        reply.EnsureSuccessStatusCode();
    }

    private Task Recorded(Customer customer, int count) =>
        Eventually.TrueAsync(async () => (await HistoryOf(customer)).Count == count, $"{count} purchases of {customer.UserId} are recorded");

    private async Task<List<JsonElement>> HistoryOf(Customer customer) =>
        (await shop.Client.GetFromJsonAsync<List<JsonElement>>($"/api/v1/getAllUserBuys/{Uri.EscapeDataString(customer.UserId)}?limit=1000"))!;

    /// <param name="page">Whose requests to buy are answered.</param>
    /// <param name="answer">Answers one; given how many there were.</param>
    /// <returns>Their idempotency keys, as they come.</returns>
    private static async Task<ConcurrentQueue<string>> AnswerBuys(IPage page, Func<IRoute, int, Task> answer)
    {
        var keys = new ConcurrentQueue<string>();
        await page.RouteAsync(BuyRoute, async route =>
        {
            keys.Enqueue(route.Request.Headers["idempotency-key"]);
            await answer(route, keys.Count);
        });
        return keys;
    }

    private static Task Buy(IPage page, string item) => Press(page, $"Buy {item}", ".card");

    private static Task Press(IPage page, string name, string within) =>
        page.Locator(within).GetByRole(AriaRole.Button, new() { Name = name, Exact = true }).ClickAsync();

    /// <summary>What a screen reader is told passes: it is heard if it was said since the page was opened.</summary>
    internal static Task Heard(IPage page, string text) => Eventually.TrueAsync(
        async () => (await page.EvaluateAsync<string[]>("window.said")).Any(said => said.Contains(text, StringComparison.Ordinal)), $"'{text}' is said");

    internal const string Listen = """
        window.said = [];
        addEventListener("DOMContentLoaded", () => {
            const listen = region => new MutationObserver(() => region.textContent && said.push(region.textContent))
                .observe(region, { childList: true, characterData: true, subtree: true });
            document.querySelectorAll("[role=status], [role=alert]").forEach(listen);
        });
        """;

    // The page may try again by itself just when the button is to be pressed.
    private static Task PressUntilBought(IPage page, string item) => Eventually.TrueAsync(
        async () =>
        {
            var again = Row(page, item).GetByRole(AriaRole.Button, new() { Name = $"Try again {item}" });
            try
            {
                if (await again.IsVisibleAsync())
                {
                    await again.ClickAsync(new() { Timeout = 1_000 });
                }
            }
            catch (TimeoutException)
            {
                // It was not needed any more.
            }

            return RecordedInMs().IsMatch(await Row(page, item).InnerTextAsync());
        },
        $"{item} is bought");

    private static ILocator BuyButton(IPage page, string item) => Card(page, item).GetByRole(AriaRole.Button);

    private static ILocator Card(IPage page, string item) =>
        page.Locator(".card").Filter(new() { Has = page.GetByRole(AriaRole.Heading, new() { Name = item, Exact = true }) });

    private static ILocator Rows(IPage page) => page.GetByRole(AriaRole.List, new() { Name = "My purchases" }).GetByRole(AriaRole.Listitem);

    private static ILocator Row(IPage page, string item) => Rows(page).Filter(new() { HasText = item });

    private static Func<IRequest, bool> Requests(string route) => request => request.Url.EndsWith(route.TrimStart('*'), StringComparison.Ordinal);

    [GeneratedRegex(@"Recorded within [\d,]+ ms")]
    private static partial Regex RecordedInMs();

    private sealed record Customer(string Name, string UserId);
}
