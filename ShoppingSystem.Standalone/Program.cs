using ShoppingSystem.Ledger;
using ShoppingSystem.Purchases;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Sqlite;
using ShoppingSystem.Standalone;
using ShoppingSystem.Storefront;

if (Commands.Has(args))
{
    return await Startup.RunAsync(args, () => Task.Run(() => Commands.Run(args)));
}

// The whole shop in one process: the web server and the management API of the cluster, each on its own port, over
// embedded storage.
return await Startup.RunAsync(args, async () =>
{
    var ledgerBuilder = ServiceHost.CreateBuilder(args, Startup.Settings);
    var options = ledgerBuilder.Configuration.Read<StandaloneOptions>(StandaloneOptions.Section);
    var logOptions = ledgerBuilder.Configuration.Read<PurchaseLogOptions>(PurchaseLogOptions.Section);

    using var loggers = ledgerBuilder.CreateLoggers();
    await using var storage = EmbeddedStorage.Open(options.DataDirectory, logOptions, loggers);

    ledgerBuilder.WebHost.UseUrls(options.ManagementApiUrl);
    ledgerBuilder.AddServiceDefaults("ShoppingSystem management API");
    ledgerBuilder.AddSqliteRecord(storage);
    ledgerBuilder.AddLedger();
    await using var ledger = ledgerBuilder.Build();
    ledger.UseServiceDefaults();
    ledger.MapLedger();

    var shopBuilder = ServiceHost.CreateBuilder(args, Startup.Settings);
    shopBuilder.WebHost.UseUrls(options.WebServerUrl);
    shopBuilder.AddServiceDefaults("ShoppingSystem web server", exportsProcess: false);
    shopBuilder.AddSqlitePurchaseLog(storage);
    shopBuilder.AddStorefront();
    await using var shop = shopBuilder.Build();
    shop.UseServiceDefaults();
    shop.MapStorefront();

    await Startup.ListenAsync(ledger, nameof(options.ManagementApiUrl), options.ManagementApiUrl);
    shop.Configuration["services:management-api:https:0"] = null;
    shop.Configuration["services:management-api:http:0"] = ledger.Urls.First();
    await Startup.ListenAsync(shop, nameof(options.WebServerUrl), options.WebServerUrl);
    Startup.Welcome(shop, ledger, options.DataDirectory);
    await shop.WaitForShutdownAsync();
    await ledger.StopAsync();
});
