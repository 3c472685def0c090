using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using ShoppingSystem.Kafka;
using ShoppingSystem.Ledger;
using ShoppingSystem.Purchases;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Sqlite;
using ShoppingSystem.Storefront;

// The web server as the benchmarks want it: with the log of choice, or with the append taken out.
//   --log none|sqlite|kafka   --data DIRECTORY   --record true|false (run the recorder beside it)   --producer:LingerMs 2 and the like
var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders();
builder.AddServiceDefaults("ShoppingSystem benchmark");
builder.AddStorefront();

EmbeddedStorage? storage = null;
switch (builder.Configuration["log"])
{
    case "none":
        builder.Services.AddSingleton<IPurchaseLog, NoLog>();
        break;
    case "sqlite":
        storage = EmbeddedStorage.Open(builder.Configuration["data"]!, new PurchaseLogOptions(), NullLoggerFactory.Instance);
        builder.AddSqlitePurchaseLog(storage);
        break;
    case "kafka":
        var config = (builder.Configuration.GetSection("producer").Get<ProducerConfig>() ?? new()).ForPurchases(builder.Configuration);
        builder.Services.AddSingleton(provider => new ProducerBuilder<string, byte[]>(config).ForPurchases(provider).Build());
        builder.Services.AddKafkaPurchaseLog();
        break;
    case var other:
        Console.Error.WriteLine($"--log none, --log sqlite or --log kafka, not '{other}'.");
        return 2;
}

if (storage is not null && builder.Configuration.GetValue<bool>("record"))
{
    builder.AddSqliteRecord(storage);
    builder.AddLedger();
}

var app = builder.Build();
app.UseServiceDefaults();
app.MapStorefront();
await app.RunAsync();
if (storage is not null)
{
    await storage.DisposeAsync();
}

return 0;

/// <summary>The append taken out: what is left is the price of HTTP, JSON and the rules.</summary>
internal sealed class NoLog : IPurchaseLog
{
    public ValueTask AppendAsync(Purchase purchase, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
}
