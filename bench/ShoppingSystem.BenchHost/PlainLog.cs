using System.Buffers;
using Confluent.Kafka;
using ShoppingSystem.Purchases;

/// <summary>The obvious implementation of the log on Kafka, which ours is compared with.</summary>
internal sealed class PlainLog(string brokers) : IPurchaseLog
{
    private readonly IProducer<string, byte[]> _producer = new ProducerBuilder<string, byte[]>(
        new ProducerConfig { BootstrapServers = brokers, Acks = Acks.All, EnableIdempotence = true, LingerMs = 0 }).Build();

    public async ValueTask AppendAsync(Purchase purchase, CancellationToken cancellationToken = default)
    {
        var value = new ArrayBufferWriter<byte>(512);
        PurchaseEvent.Write(value, purchase);
        var message = new Message<string, byte[]> { Key = purchase.UserId, Value = value.WrittenSpan.ToArray() };
        await _producer.ProduceAsync("purchases", message, cancellationToken);
    }
}
