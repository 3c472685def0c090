using System.Text.Json;
using Confluent.Kafka;
using Peers;

// The purchase as most services publish an event: a minimal API that awaits ProduceAsync, from the documentation of ASP.NET Core and
// of Confluent's client. Its reply means that all in-sync replicas have the event. What ours promises beside that and this does not:
// refusal within a deadline (the client's own is 5 minutes), Idempotency-Key, no success that the client only infers, the rules of a
// purchase beyond those of Shop.cs, traces and metrics.
var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders();
builder.Services.AddSingleton(_ => new ProducerBuilder<string, string>(new ProducerConfig
{
    BootstrapServers = builder.Configuration.GetConnectionString("kafka"),
    Acks = Acks.All,
    EnableIdempotence = true,
    LingerMs = builder.Configuration.GetValue<double?>("linger"),
}).Build());

var app = builder.Build();
app.MapMeasured();
app.MapPost("/api/v1/buy", async (Buy buy, IProducer<string, string> producer) =>
{
    if (buy.ToPurchase() is not { } purchase)
    {
        return Shop.Refused();
    }

    await producer.ProduceAsync("purchases", new Message<string, string>
    {
        Key = purchase.Userid,
        Value = JsonSerializer.Serialize(purchase, JsonSerializerOptions.Web),
    });
    return Shop.Accepted(purchase);
});
await app.RunAsync();
