#:package Microsoft.Playwright
#:property PublishAot=false

// Makes the pictures of the documents: the shop and the operations page, as they are while people buy.
// Run it by tools/pictures.sh, which starts the product. Arguments: shop address, management address, output directory.

using System.Net.Http.Json;
using Microsoft.Playwright;

var (shop, management, output) = (args[0], args[1], args[2]);

using var stop = new CancellationTokenSource();
var customers = BuyAsync(shop, stop.Token);

using var playwright = await Playwright.CreateAsync();
await using var chromium = await playwright.Chromium.LaunchAsync(new()
{
    ExecutablePath = Environment.GetEnvironmentVariable("CHROME_PATH"),
    Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});

var operations = await OpenAsync(management, 1280, 900);
await operations.GetByRole(AriaRole.Radio, new() { Name = "1 min" }).CheckAsync();

var counter = await OpenAsync(shop, 1280, 900);
await counter.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
foreach (var item in (string[])["Bicycle", "Honey", "Teapot", "Cactus", "Sourdough loaf"])
{
    await counter.GetByRole(AriaRole.Button, new() { Name = $"Buy {item}", Exact = true }).ClickAsync();
    await counter.GetByRole(AriaRole.Listitem).Filter(new() { HasText = item }).GetByText("Recorded within").WaitForAsync();
}

await counter.Mouse.MoveAsync(0, 0);
await counter.EvaluateAsync("document.activeElement.blur(), scrollTo(0, 0)");
await Task.Delay(TimeSpan.FromSeconds(3)); // until the last button is itself again
await counter.ScreenshotAsync(new() { Path = Path.Combine(output, "shop.png") });

await Task.Delay(TimeSpan.FromSeconds(130)); // until the charts are full, and what the start took has left them
await operations.ScreenshotAsync(new() { Path = Path.Combine(output, "operations.png"), FullPage = true });

await stop.CancelAsync();
await customers;

async Task<IPage> OpenAsync(string address, int width, int height)
{
    var page = await chromium.NewPageAsync(new()
    {
        Locale = "en-US",
        ColorScheme = ColorScheme.Light,
        ReducedMotion = ReducedMotion.Reduce,
        ViewportSize = new() { Width = width, Height = height },
    });
    await page.GotoAsync(address);
    return page;
}

// A dozen purchases a second, with some variation.
static async Task BuyAsync(string shop, CancellationToken stopped)
{
    (string Name, decimal Price)[] items =
        [("Lemon", 0.45m), ("Coffee mug", 12.50m), ("Teapot", 34.00m), ("Honey", 8.90m), ("Cactus", 15.00m), ("Umbrella", 24.90m), ("Sneakers", 89.90m)];
    string[] people = ["Sunny Otter", "Quiet Heron", "Merry Fox", "Clever Wren", "Lucky Badger"];
    using var client = new HttpClient { BaseAddress = new Uri(shop) };
    var random = new Random(1);
    for (var i = 0; !stopped.IsCancellationRequested; i++)
    {
        var (item, price) = items[random.Next(items.Length)];
        var person = people[random.Next(people.Length)];
        using var reply = await client.PostAsync("/api/v1/buy", JsonContent.Create(
            new { username = person, userid = person.ToLowerInvariant().Replace(' ', '-'), price, item }), CancellationToken.None);
        reply.EnsureSuccessStatusCode();
        await Task.Delay(TimeSpan.FromMilliseconds(70 + (45 * Math.Sin(i / 40.0)) + random.Next(40)), CancellationToken.None);
    }
}
