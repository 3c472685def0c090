using Microsoft.Extensions.Logging.Abstractions;
using ShoppingSystem.Kafka;
using ShoppingSystem.Ledger;
using ShoppingSystem.Purchases;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Sqlite;

/// <summary>The management API of a cluster without MongoDB: reads Kafka, records into a SQLite file in <c>--data DIRECTORY</c>.</summary>
internal static class KafkaLedger
{
    public static async Task<int> RunAsync(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Logging.ClearProviders();
        await using var storage = EmbeddedStorage.Open(builder.Configuration["data"]!, new PurchaseLogOptions(), NullLoggerFactory.Instance);
        builder.AddServiceDefaults("ShoppingSystem benchmark");
        builder.AddSqliteRecord(storage);
        // The later of two feeds is the one that is read.
        builder.AddKafkaPurchaseFeed();
        builder.AddLedger();
        var app = builder.Build();
        app.UseServiceDefaults();
        app.MapLedger();
        await app.RunAsync();
        return 0;
    }
}
