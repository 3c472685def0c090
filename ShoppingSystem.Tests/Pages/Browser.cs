using System.Collections.Concurrent;
using Microsoft.Playwright;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Pages;

/// <summary>The system's Chromium or Chrome, headless; nothing is downloaded. <c>CHROME_PATH</c> names another.</summary>
public sealed class Browser : INeed, IAsyncLifetime
{
    // The machine may be busy: what takes this long is broken, not slow.
    private const int TimeoutMs = 60_000;

    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

    private static readonly string? Executable = Find();

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Why there can be no test in a browser here; null when there can.</summary>
    public static string? WhyNot => Executable is null ? $"no browser: none of {string.Join(", ", Names)} is on the PATH" : null;

    public async ValueTask InitializeAsync()
    {
        if (Executable is null)
        {
            return;
        }

        Assertions.SetDefaultExpectTimeout(TimeoutMs);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Executable,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
            ],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    /// <summary>
    /// Opens a page at <paramref name="address"/> in a window of its own, which remembers nothing of others;
    /// <paramref name="script"/> runs in it before anything else.
    /// </summary>
    internal async Task<Tab> OpenAsync(Uri address, string? script = null, Action<BrowserNewContextOptions>? configure = null)
    {
        var options = new BrowserNewContextOptions { BaseURL = address.ToString(), Locale = "en-US", ViewportSize = new() { Width = 1280, Height = 900 } };
        configure?.Invoke(options);
        var context = await _browser!.NewContextAsync(options);
        context.SetDefaultTimeout(TimeoutMs);
        await context.AddInitScriptAsync(Tab.Listen + script);

        var tab = new Tab(context, await context.NewPageAsync());
        await tab.Page.GotoAsync(address.ToString());
        return tab;
    }

    private static string? Find() =>
        Environment.GetEnvironmentVariable("CHROME_PATH") is { Length: > 0 } named && File.Exists(named)
            ? named
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
                .SelectMany(directory => Names, Path.Combine)
                .SelectMany(path => (string[])[path, path + ".exe"])
                .FirstOrDefault(File.Exists);
}

/// <summary>A page in a window of its own, and what went wrong in it.</summary>
internal sealed class Tab : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _problems = new();

    public Tab(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.PageError += (_, error) => _problems.Enqueue($"page error: {error}");
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                _problems.Enqueue($"console {message.Type}: {message.Text}");
            }
        };
    }

    /// <summary>Remembers in <c>window.said</c> what a screen reader is told.</summary>
    public const string Listen = """
        window.said = [];
        addEventListener("DOMContentLoaded", () => {
            const listen = region => new MutationObserver(() => region.textContent && said.push(region.textContent))
                .observe(region, { childList: true, characterData: true, subtree: true });
            document.querySelectorAll("[role=status], [role=alert]").forEach(listen);
        });

        """;

    public IPage Page { get; }

    /// <summary>Errors of scripts, violations of the Content-Security-Policy, and what else the console complained about.</summary>
    public IReadOnlyCollection<string> Problems => _problems;

    /// <summary>The same without the requests that failed, for tests that make them fail.</summary>
    public IEnumerable<string> ProblemsOfThePage => _problems.Where(problem => !problem.Contains("Failed to load resource", StringComparison.Ordinal));

    /// <summary>What a screen reader is told passes: it is heard if it was said since the page was opened.</summary>
    public Task HeardAsync(string text) => Eventually.TrueAsync(
        async () => (await Page.EvaluateAsync<string[]>("window.said")).Any(said => said.Contains(text, StringComparison.Ordinal)), $"'{text}' is said");

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
