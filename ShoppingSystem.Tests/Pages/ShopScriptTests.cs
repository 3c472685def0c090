using System.Collections.Concurrent;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Pages;

/// <summary>What can run on the shop page.</summary>
[Collection(ShopPageGroup.Name)]
public sealed class ShopScriptTests(Browser browser, OpenShop shop)
{
    [NeedsFact<Browser>]
    public async Task Nothing_but_the_shops_own_scripts_run_and_nothing_comes_from_elsewhere()
    {
        await using var page = await shop.OpenAsync(browser);
        var strangers = new ConcurrentQueue<string>();
        page.Page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(shop.Address.ToString(), StringComparison.Ordinal))
            {
                strangers.Enqueue(request.Url);
            }
        };
        await page.Page.ReloadAsync();
        await page.BuyAsync("Teapot");
        await page.IsRecordedAsync("Teapot");
        Assert.Empty(strangers);
        Assert.Empty(page.Tab.Problems);

        await page.Page.EvaluateAsync("""
            () => {
                const script = document.createElement("script");
                script.textContent = "document.title = 'hacked'";
                document.body.append(script);
            }
            """);
        await Eventually.TrueAsync(() => page.Tab.Problems.Any(p => p.Contains("Content Security Policy", StringComparison.Ordinal)), "the browser refuses it");
        await Expect(page.Page).ToHaveTitleAsync("The Corner Shop");
    }
}
