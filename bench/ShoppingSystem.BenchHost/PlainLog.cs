using Confluent.Kafka;
using ShoppingSystem.Purchases;

/// <summary>The obvious implementation of the log on Kafka, which ours is compared with.</summary>
internal sealed class PlainLog(string brokers) : IPurchaseLog
{
    private readonly IProducer<string, byte[]> _producer = new ProducerBuilder<string, byte[]>(
        new ProducerConfig { BootstrapServers = brokers, Acks = Acks.All, EnableIdempotence = true, LingerMs = 0 }).Build();

    public async ValueTask AppendAsync(Purchase purchase, CancellationToken cancellationToken = default)
    {
        var message = new Message<string, byte[]> { Key = purchase.UserId, Value = PurchaseEvent.ToBytes(purchase) };
        await _producer.ProduceAsync("purchases", message, cancellationToken);
    }
}
