using System.Data.Common;
using Confluent.Kafka;
using Microsoft.Data.Sqlite;
using Npgsql;
using Peers;
using Wolverine;
using Wolverine.Kafka;
using Wolverine.Postgresql;
using Wolverine.Sqlite;
using Wolverine.Transports;

// The way of a purchase on Wolverine: HTTP, durable inbox, handler, a row. From its documentation of durable messaging.
//   --store postgresql|sqlite   --ConnectionStrings:store ...: where Wolverine keeps its inbox, and the rows are
//   --log local|kafka: the purchase is acknowledged when it is in the durable local queue, or when Kafka has it
//   --role web|record|both: for Kafka, as a process of its own each
//   --batch 500: so many purchases at most for each call of the handler, in one INSERT; 1: a call and an INSERT for each
var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders();
var (store, log, role) = (builder.Configuration["store"], builder.Configuration["log"], builder.Configuration["role"] ?? "both");
var connection = builder.Configuration.GetConnectionString("store")!;
var batch = builder.Configuration.GetValue("batch", 500);
builder.Services.AddSingleton<DbDataSource>(_ => store is "sqlite" ? SqliteFactory.Instance.CreateDataSource(connection) : NpgsqlDataSource.Create(connection));
builder.Host.UseWolverine(options =>
{
    options.Durability.Mode = DurabilityMode.Solo;
    // Without this, a send that fails is logged, answered with success, and tried again from memory.
    options.Durability.UseSyncRetryBlock = true;
    options.Discovery.DisableConventionalDiscovery();
    if (role is not "web")
    {
        if (batch > 1)
        {
            options.Discovery.IncludeType(typeof(BatchHandler));
            options.BatchMessagesOf<Purchase>(batching => batching.BatchSize = batch);
        }
        else
        {
            options.Discovery.IncludeType(typeof(PurchaseHandler));
        }

        if (store is "sqlite")
        {
            options.PersistMessagesWithSqlite(connection);
        }
        else
        {
            options.PersistMessagesWithPostgresql(connection);
        }
    }

    if (log is "local")
    {
        options.Policies.UseDurableLocalQueues();
        return;
    }

    options.UseKafka(builder.Configuration.GetConnectionString("kafka")!).ConfigureProducers(producer =>
    {
        producer.Acks = Acks.All;
        producer.EnableIdempotence = true;
        producer.LingerMs = 0;
    }).ConfigureConsumers(consumer =>
    {
        consumer.GroupId = "management-api-group";
        consumer.AutoOffsetReset = AutoOffsetReset.Earliest;
    });
    if (role is not "record")
    {
        options.PublishMessage<Purchase>().ToKafkaTopic("purchases").PublishRawJson().SendInline();
    }

    if (role is not "web")
    {
        // With the default, 1,000 messages, a burst makes the listener leave its group and join it again, and again: its documentation says
        // so, and recommends more.
        options.ListenToKafkaTopic("purchases").ReceiveRawJson<Purchase>().UseDurableInbox(new BufferingLimits(1_000_000, 500_000));
    }
});

var app = builder.Build();
if (role is not "web")
{
    var rows = app.Services.GetRequiredService<DbDataSource>();
    await rows.ExecuteAsync(store is "sqlite"
        ? "PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS purchases (id TEXT PRIMARY KEY, userid TEXT NOT NULL, username TEXT NOT NULL, price TEXT NOT NULL, item TEXT, timestamp REAL NOT NULL)"
        : "CREATE TABLE IF NOT EXISTS purchases (id uuid PRIMARY KEY, userid text NOT NULL, username text NOT NULL, price numeric NOT NULL, item text, timestamp double precision NOT NULL)");
    await rows.ExecuteAsync("CREATE INDEX IF NOT EXISTS purchases_by_user ON purchases (userid, timestamp DESC, id DESC)");
}

app.MapMeasured();
app.MapGet("/count", async (DbDataSource rows) => $"{await rows.CountAsync()}\n");
app.MapPost("/api/v1/buy", async (Buy buy, IMessageBus bus) =>
{
    if (buy.ToPurchase() is not { } purchase)
    {
        return Shop.Refused();
    }

    await bus.PublishAsync(purchase, new DeliveryOptions { PartitionKey = purchase.Userid, GroupId = purchase.Userid });
    return Shop.Accepted(purchase);
});
await app.RunAsync();
