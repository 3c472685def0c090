using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ShoppingSystem.Ledger;
using ShoppingSystem.Purchases;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Sqlite;
using ShoppingSystem.Storefront;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>
/// The services of the cluster as programs, to be killed: the modules and adapters that the hosts put together, with plain
/// Kafka clients instead of Aspire's, and with a file that all recorders share (<c>--record</c>) instead of MongoDB. This
/// assembly is the program: <c>dotnet ShoppingSystem.Tests.dll web|recorder --urls … --ConnectionStrings:kafka …</c>.
/// </summary>
internal static class ClusterService
{
    public const string Program = "ShoppingSystem.Tests.dll";
    public const string Web = "web";
    public const string Recorder = "recorder";

    // Longer than any outage of the brokers: see ClusterProcesses.
    private const int SessionTimeout = 8_000;

    public static Task<int> Main(string[] args) => ServiceHost.RunAsync(async () =>
    {
        var builder = WebApplication.CreateBuilder(args[1..]);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.AddServiceDefaults(args[0]);
        if (args[0] is Web)
        {
            builder.Services.AddKafka(builder.Configuration, log: true, feed: false);
            builder.AddStorefront();
            await using var web = builder.Build();
            web.UseServiceDefaults();
            web.MapStorefront();
            await web.RunAsync();
        }
        else
        {
            using var record = new RecordDatabase(builder.Configuration["record"]!);
            builder.Services.AddSingleton<IPurchaseStore>(new SqlitePurchaseStore(record));
            builder.Services.AddSingleton<IDeadLetters>(new SqliteDeadLetters(record));
            builder.Services.AddKafka(builder.Configuration, log: false, feed: true, consumer: config => config.SessionTimeoutMs = SessionTimeout);
            builder.AddLedger();
            await using var recorder = builder.Build();
            recorder.UseServiceDefaults();
            recorder.MapLedger();
            await recorder.RunAsync();
        }
    });
}
