using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using ShoppingSystem.Kafka;
using ShoppingSystem.Ledger;
using ShoppingSystem.Purchases;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Sqlite;
using ShoppingSystem.Storefront;

// The web server as the benchmarks want it: with the log of choice, or with the append taken out.
//   --telemetry none|off|on: logs to the console as the hosts do, and none: nothing of .NET's telemetry is there to be asked,
//   off: nothing asks it, on: exported to OTEL_EXPORTER_OTLP_ENDPOINT
//   --log none|sqlite|kafka|plain   --data DIRECTORY   --record true|false (run the recorder beside it)   --Kafka:LingerMs 2 and the like
//   --fill N (with --record true): so many purchases are in the record before it starts, 100 of each user
//   --recording fill|recorder|raw: no shop, but the recorder alone, see there
//   --rebalancing reader|watch: no shop, but readers that come and go, see there
//   --ledger kafka (at the end): no shop, but the management API over Kafka, with SQLite as the store
//   --sink true: no shop, but a place to export to, which throws away what it gets
if (args is [.., "--sink", "true"])
{
    return await Sink.RunAsync(args);
}

if (args is [.., "--ledger", "kafka"])
{
    return await KafkaLedger.RunAsync(args);
}

if (args is ["--rebalancing", ..])
{
    return await Rebalancing.RunAsync(args);
}

if (args is ["--recording", ..])
{
    return await Recording.RunAsync(new ConfigurationBuilder().AddCommandLine(args).Build());
}

// Must be known before anything creates a meter.
var telemetry = new ConfigurationBuilder().AddCommandLine(args).Build()["telemetry"];
AppContext.SetSwitch("System.Diagnostics.Metrics.Meter.IsSupported", telemetry is not "none");

var builder = WebApplication.CreateBuilder(args);
if (telemetry is null)
{
    builder.Logging.ClearProviders();
}
else
{
    builder.Logging.SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning);
}

if (telemetry is "none")
{
    // While this category may log, ASP.NET Core creates an activity for each request, for the trace ids of its log lines.
    builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
}

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
        builder.AddKafkaPurchaseLog();
        break;
    case "plain":
        builder.Services.AddSingleton<IPurchaseLog>(new PlainLog(builder.Configuration["ConnectionStrings:kafka"]!));
        break;
    case var other:
        Console.Error.WriteLine($"--log none, --log sqlite, --log kafka or --log plain, not '{other}'.");
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
// The resource use of the process so far: CPU time in microseconds, bytes allocated, bytes resident.
app.MapGet("/process", () =>
{
    using var process = Process.GetCurrentProcess();
    return FormattableString.Invariant($"{process.TotalProcessorTime.TotalMicroseconds:F0} {GC.GetTotalAllocatedBytes(precise: true)} {process.WorkingSet64}\n");
});
if (app.Services.GetService<IPurchaseStore>() is { } store)
{
    app.MapLedger();
    await FillAsync(store, builder.Configuration.GetValue<int>("fill"));
}

await app.RunAsync();
if (storage is not null)
{
    await storage.DisposeAsync();
}

return 0;

// A user's purchases are spread over the whole time, as in a shop that has been open for a while.
static async Task FillAsync(IPurchaseStore store, int count)
{
    const int perUser = 100;
    const int batch = 10_000;
    var users = Math.Max(1, count / perUser);
    var opened = new DateTimeOffset(2024, 1, 19, 12, 0, 0, TimeSpan.Zero);
    for (var first = 0; first < count; first += batch)
    {
        await store.RecordAsync([.. Enumerable.Range(first, Math.Min(batch, count - first)).Select(i =>
        {
            var at = opened.AddSeconds(i);
            return new Purchase(PurchaseId.New(at), $"user-{i % users}", "Ada", 1 + i % 9000 / 100m, "tea", at);
        })]);
    }
}

/// <summary>Leaves out the append: what remains is the cost of HTTP, JSON and the rules.</summary>
internal sealed class NoLog : IPurchaseLog
{
    public ValueTask AppendAsync(Purchase purchase, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
}

/// <summary>Accepts OTLP exports over HTTP, and throws them away.</summary>
internal static class Sink
{
    public static async Task<int> RunAsync(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.MapGet("/alive", () => "alive");
        app.MapPost("/v1/{signal}", async (HttpRequest request) => await request.Body.CopyToAsync(Stream.Null));
        await app.RunAsync();
        return 0;
    }
}
