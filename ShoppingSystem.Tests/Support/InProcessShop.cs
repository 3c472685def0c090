using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ShoppingSystem.Ledger;
using ShoppingSystem.Purchases;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Sqlite;
using ShoppingSystem.Storefront;

namespace ShoppingSystem.Tests.Support;

/// <summary>Both services as Standalone puts them together, in this process: real Kestrel, real storage, a clock to set.</summary>
internal sealed class InProcessShop : IAsyncDisposable
{
    private readonly WebApplication _ledger;
    private readonly WebApplication _storefront;

    private InProcessShop(string directory, EmbeddedStorage storage, WebApplication ledger, WebApplication storefront)
    {
        DataDirectory = directory;
        Storage = storage;
        _ledger = ledger;
        _storefront = storefront;
        Shop = new HttpClient { BaseAddress = new Uri(storefront.Urls.Single()) };
        Management = new HttpClient { BaseAddress = new Uri(ledger.Urls.Single()) };
    }

    public string DataDirectory { get; }

    public EmbeddedStorage Storage { get; }

    /// <summary>A client of the web server.</summary>
    public HttpClient Shop { get; }

    /// <summary>A client of the management API.</summary>
    public HttpClient Management { get; }

    /// <summary>The one that is meant by "shop" or "management", for tests that do the same on both.</summary>
    public HttpClient this[string service] => service is "shop" ? Shop : Management;

    /// <param name="clock">The time for both services; the system's when null.</param>
    /// <param name="events">Raw events that stand in the log already.</param>
    /// <param name="logs">Where what is logged goes; nowhere when null.</param>
    /// <param name="settings">Such as <c>--Management:ApiKey=secret</c>.</param>
    public static async Task<InProcessShop> StartAsync(
        TimeProvider? clock = null, IReadOnlyList<byte[]>? events = null, ILoggerProvider? logs = null, params string[] settings)
    {
        var directory = StandaloneProcess.NewDataDirectory();
        if (events is not null)
        {
            await LogSeed.WriteAsync(directory, events);
        }

        ILoggerFactory loggers = logs is null ? NullLoggerFactory.Instance : LoggerFactory.Create(logging => logging.AddProvider(logs));
        var storage = EmbeddedStorage.Open(directory, new PurchaseLogOptions { AppendDeadline = TimeSpan.FromMinutes(1) }, loggers);

        var ledger = NewBuilder("management API", clock, logs, settings);
        ledger.AddSqliteRecord(storage);
        ledger.AddLedger();
        var ledgerApp = ledger.Build();
        ledgerApp.UseServiceDefaults();
        ledgerApp.MapLedger();
        await ledgerApp.StartAsync();

        var storefront = NewBuilder("web server", clock, logs, settings);
        storefront.Configuration["services:management-api:http:0"] = ledgerApp.Urls.Single();
        storefront.AddSqlitePurchaseLog(storage);
        storefront.AddStorefront();
        var storefrontApp = storefront.Build();
        storefrontApp.UseServiceDefaults();
        storefrontApp.MapStorefront();
        await storefrontApp.StartAsync();

        return new InProcessShop(directory, storage, ledgerApp, storefrontApp);
    }

    /// <summary>Stops the management API, as if it were away; the web server goes on.</summary>
    public Task StopManagementAsync() => _ledger.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Shop.Dispose();
        Management.Dispose();
        await _storefront.StopAsync();
        await _storefront.DisposeAsync();
        await _ledger.StopAsync();
        await _ledger.DisposeAsync();
        await Storage.DisposeAsync();
        if (Directory.Exists(DataDirectory))
        {
            Directory.Delete(DataDirectory, recursive: true);
        }
    }

    private static WebApplicationBuilder NewBuilder(string title, TimeProvider? clock, ILoggerProvider? logs, string[] settings)
    {
        var builder = WebApplication.CreateBuilder(settings);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        if (logs is not null)
        {
            builder.Logging.AddProvider(logs);
        }

        builder.AddServiceDefaults(title);
        if (clock is not null)
        {
            builder.Services.AddSingleton(clock);
        }

        return builder;
    }
}

/// <summary>One <see cref="InProcessShop"/> for all tests of a class.</summary>
public sealed class ShopFixture : IAsyncLifetime
{
    internal InProcessShop Shop { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Shop = await InProcessShop.StartAsync();

    public async ValueTask DisposeAsync() => await Shop.DisposeAsync();
}
