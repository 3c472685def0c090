using Confluent.Kafka;
using Peers;
using Wolverine;
using Wolverine.Kafka;

// The purchase published by Wolverine, inline, from its documentation of the Kafka transport. Its reply means that all in-sync replicas
// have the event. What ours promises beside that and this does not: see the minimal API.
var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders();
builder.Host.UseWolverine(options =>
{
    // Without this, a send that fails is logged, answered with success, and tried again from memory.
    options.Durability.UseSyncRetryBlock = true;
    options.UseKafka(builder.Configuration.GetConnectionString("kafka")!).ConfigureProducers(producer =>
    {
        producer.Acks = Acks.All;
        producer.EnableIdempotence = true;
        producer.LingerMs = builder.Configuration.GetValue<double?>("linger");
    });
    // The purchase alone, as the other peers publish it, without Wolverine's headers.
    options.PublishMessage<Purchase>().ToKafkaTopic("purchases").PublishRawJson().SendInline();
});

var app = builder.Build();
app.MapMeasured();
app.MapPost("/api/v1/buy", async (Buy buy, IMessageBus bus) =>
{
    if (buy.ToPurchase() is not { } purchase)
    {
        return Shop.Refused();
    }

    // Raw JSON takes the key from the group.
    await bus.PublishAsync(purchase, new DeliveryOptions { PartitionKey = purchase.Userid, GroupId = purchase.Userid });
    return Shop.Accepted(purchase);
});
await app.RunAsync();
