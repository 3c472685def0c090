using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Pages;

/// <summary>The shop page in a browser: where everything is on it, and what customers do with it.</summary>
internal sealed partial class ShopPage(Tab tab) : IAsyncDisposable
{
    public static readonly string[] Shelf =
    [
        "Lemon", "Coffee mug", "Teapot", "Honey", "Sourdough loaf", "Cactus",
        "Notebook", "Desk lamp", "Umbrella", "Headphones", "Sneakers", "Bicycle",
    ];

    private const string BuyRoute = "**/api/v1/buy";
    private const string HistoryRoute = "**/api/v1/getAllUserBuys/**";

    public Tab Tab => tab;

    public IPage Page => tab.Page;

    public ILocator CustomerName => Page.Locator("#customer-name");

    public ILocator CustomerId => Page.Locator("#customer-id");

    public ILocator Name => Field("Name");

    public ILocator Id => Field("Id");

    public ILocator Cards => Page.Locator(".card");

    public ILocator Rows => Page.GetByRole(AriaRole.List, new() { Name = "My purchases" }).GetByRole(AriaRole.Listitem);

    public ILocator RowItems => Page.Locator(".row-item");

    public ILocator Count => Page.Locator("#count");

    public ILocator Total => Page.Locator("#total");

    public ILocator Pending => Page.Locator("#pending-count");

    public ILocator Empty => Text("Nothing yet.");

    public ILocator Trouble => Page.Locator("#history-trouble");

    public static async Task<ShopPage> OpenAsync(Browser browser, Uri address, Action<BrowserNewContextOptions>? configure = null) =>
        new(await browser.OpenAsync(address, configure: configure));

    public ILocator Text(string text) => Page.GetByText(text);

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name });

    public ILocator Field(string label) => Page.GetByLabel(label, new() { Exact = true });

    public ILocator Card(string item) => Cards.Filter(new() { Has = Page.GetByRole(AriaRole.Heading, new() { Name = item, Exact = true }) });

    public ILocator BuyButton(string item) => Card(item).GetByRole(AriaRole.Button);

    public ILocator Row(string item) => Rows.Filter(new() { HasText = item });

    public ILocator RowIn(string state) => Page.Locator($".row[data-state={state}]");

    public ILocator Price(string item) => Row(item).Locator(".row-price");

    public Task BuyAsync(string item) => PressAsync($"Buy {item}", ".card");

    public Task TryAgainAsync(string item) => PressAsync($"Try again {item}", ".row");

    public Task ForgetAsync(string item) => PressAsync($"Forget it {item}", ".row");

    public Task SaveAsync() => Button("Save").ClickAsync();

    public Task ShowOlderAsync() => Button("Show older").ClickAsync();

    public Task HeardAsync(string text) => tab.HeardAsync(text);

    public Task IsRecordedAsync(string item) => Expect(Row(item)).ToContainTextAsync(RecordedInMs());

    /// <summary>What is sent by the next purchase that <paramref name="action"/> makes.</summary>
    public Task<IRequest> SentByAsync(Func<Task> action) => Page.RunAndWaitForRequestAsync(action, IsPurchase);

    /// <summary>Answers the requests to buy by <paramref name="answer"/>, which is given how many there were.</summary>
    /// <returns>Their idempotency keys, as they come.</returns>
    public async Task<ConcurrentQueue<string>> AnswerPurchasesAsync(Func<IRoute, int, Task> answer)
    {
        var keys = new ConcurrentQueue<string>();
        await Page.RouteAsync(BuyRoute, async route =>
        {
            keys.Enqueue(route.Request.Headers["idempotency-key"]);
            await answer(route, keys.Count);
        });
        return keys;
    }

    public Task AnswerPurchasesAsync(Func<IRoute, Task> answer) => Page.RouteAsync(BuyRoute, answer);

    public Task AnswerPurchasesNoMoreAsync() => Page.UnrouteAsync(BuyRoute);

    public Task AnswerHistoryAsync(Func<IRoute, Task> answer) => Page.RouteAsync(HistoryRoute, answer);

    public Task AnswerHistoryNoMoreAsync() => Page.UnrouteAsync(HistoryRoute);

    /// <summary>Presses the button of an order that waits until it is recorded: the page may try again by itself just then.</summary>
    public Task PressUntilBoughtAsync(string item) => Eventually.TrueAsync(
        async () =>
        {
            var again = Row(item).GetByRole(AriaRole.Button, new() { Name = $"Try again {item}" });
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

            return RecordedInMs().IsMatch(await Row(item).InnerTextAsync());
        },
        $"{item} is bought");

    public static bool IsPurchase(IRequest request) => request.Url.EndsWith(BuyRoute.TrimStart('*'), StringComparison.Ordinal);

    public async ValueTask DisposeAsync() => await tab.DisposeAsync();

    [GeneratedRegex(@"Recorded within [\d,]+ ms")]
    public static partial Regex RecordedInMs();

    private Task PressAsync(string name, string within) =>
        Page.Locator(within).GetByRole(AriaRole.Button, new() { Name = name, Exact = true }).ClickAsync();
}
