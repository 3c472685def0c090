using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using ShoppingSystem.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace ShoppingSystem.Tests.Pages;

/// <summary>Whether everybody can use what a page shows, as far as a program can tell.</summary>
internal static class Accessibility
{
    /// <summary>
    /// Nothing on the page breaks a rule of axe-core, WCAG's and best practices, and nothing is wider than <paramref name="width"/>
    /// pixels, so that nobody has to scroll in two directions.
    /// </summary>
    public static async Task IsAccessibleAsync(this Tab tab, int width)
    {
        var results = await tab.Page.RunAxe();
        Assert.Empty(results.Violations.SelectMany(rule => rule.Nodes.Select(node => $"{rule.Id}: {node.Html} {string.Join(' ', node.Any.Select(check => check.Message))}")));
        Assert.Equal(width, await tab.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
    }
}

/// <summary>How a window looks.</summary>
public static class Looks
{
    /// <summary>Day and night, in a window that is <paramref name="wide"/> pixels wide and in the narrowest that WCAG asks for.</summary>
    public static TheoryData<ColorScheme, int> Cases(int wide) => new()
    {
        { ColorScheme.Light, wide }, { ColorScheme.Dark, wide },
        { ColorScheme.Light, 320 }, { ColorScheme.Dark, 320 },
    };

    /// <summary>Colours for day or night, and a width in pixels; nothing moves, so that no colour is caught on its way to another.</summary>
    public static Action<BrowserNewContextOptions> Of(ColorScheme scheme, int width) => options =>
    {
        options.ColorScheme = scheme;
        options.ReducedMotion = ReducedMotion.Reduce;
        options.ViewportSize = new() { Width = width, Height = 800 };
    };
}

/// <summary>The check above, held against a page that has a fault.</summary>
[Collection(OperationsPageGroup.Name)]
public sealed class AccessibilityCheckTests(Browser browser)
{
    [NeedsFact<Browser>]
    public async Task Text_with_low_contrast_fails_the_accessibility_check()
    {
        await using var ledger = await ScriptedLedger.StartAsync();
        await using var page = await OperationsPage.OpenAsync(browser, ledger, ScriptedLedger.Calm);
        await Expect(page.Headline).ToHaveTextAsync("All is well");
        await page.Page.EvaluateAsync("document.querySelector('#recorded').style.color = '#ccc'");

        var failure = await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => page.Tab.IsAccessibleAsync(1280));

        Assert.Contains("color-contrast", failure.Message, StringComparison.Ordinal);
    }
}
