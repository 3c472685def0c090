using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Playwright;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Pages;

/// <summary>The tests of the operations page, which share a browser.</summary>
[CollectionDefinition(Name)]
public sealed class OperationsPageGroup : ICollectionFixture<Browser>
{
    public const string Name = "Operations page";
}

/// <summary>The tests of the shop page, which share a browser and a shop.</summary>
[CollectionDefinition(Name)]
public sealed class ShopPageGroup : ICollectionFixture<Browser>, ICollectionFixture<OpenShop>
{
    public const string Name = "Shop page";
}

/// <summary>One Standalone for all tests; every test has a customer of its own.</summary>
public sealed class OpenShop : IAsyncLifetime
{
    private readonly string _data = StandaloneProcess.NewDataDirectory();
    private StandaloneProcess? _standalone;
    private int _customers;

    internal Uri Address => _standalone!.Shop.BaseAddress!;

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

    internal Customer NewCustomer()
    {
        var number = Interlocked.Increment(ref _customers);
        return new($"Ada {number}", $"ada/{number}, 50% &c?");
    }

    internal Task<ShopPage> OpenAsync(Browser browser, Action<BrowserNewContextOptions>? configure = null) =>
        ShopPage.OpenAsync(browser, Address, configure);

    /// <summary>Opens the page in a browser that remembers <paramref name="customer"/>.</summary>
    internal Task<ShopPage> OpenAsAsync(Browser browser, Customer customer) => OpenAsync(browser, options => options.StorageState = JsonSerializer.Serialize(new
    {
        cookies = Array.Empty<object>(),
        origins = new[]
        {
            new
            {
                origin = Address.GetLeftPart(UriPartial.Authority),
                localStorage = new[]
                {
                    new { name = "shop.customer", value = JsonSerializer.Serialize(new { name = customer.Name, userid = customer.UserId, chosen = true }) },
                },
            },
        },
    }));

    /// <summary>Buys without a page. The price is sent as it is written.</summary>
    internal async Task BuyAsync(Customer customer, string price, string item)
    {
        var body = $$"""{"username":{{JsonSerializer.Serialize(customer.Name)}},"userid":{{JsonSerializer.Serialize(customer.UserId)}},"price":{{price}},"item":{{JsonSerializer.Serialize(item)}}}""";
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var reply = await _standalone!.Shop.PostAsync("/api/v1/buy", content);
        reply.EnsureSuccessStatusCode();
    }

    internal Task RecordedAsync(Customer customer, int count) =>
        Eventually.TrueAsync(async () => (await HistoryOf(customer)).Count == count, $"{count} purchases of {customer.UserId} are recorded");

    internal async Task<List<JsonElement>> HistoryOf(Customer customer) =>
        (await _standalone!.Shop.GetFromJsonAsync<List<JsonElement>>($"/api/v1/getAllUserBuys/{Uri.EscapeDataString(customer.UserId)}?limit=1000"))!;
}

internal sealed record Customer(string Name, string UserId);
