using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>
/// The one place where Kafka clients are configured. Whoever builds the clients (Aspire's client integration, a test) calls
/// these on the configuration and on the consumer's builder. What "nothing is lost" rests on is set, whatever was
/// configured before; everything else is a default that configuration can override.
/// </summary>
public static class KafkaClientSettings
{
    /// <summary>Configures the producer that <see cref="IPurchaseLog"/> appends with.</summary>
    /// <param name="config">The client's configuration so far, TLS and SASL included.</param>
    /// <param name="configuration">Where the section <c>Shopping</c> and <c>ConnectionStrings:kafka</c> are found.</param>
    public static ProducerConfig ForPurchases(this ProducerConfig config, IConfiguration configuration)
    {
        var kafka = configuration.GetSection(PurchaseLogOptions.Section).Get<KafkaOptions>() ?? new();
        var log = configuration.GetSection(PurchaseLogOptions.Section).Get<PurchaseLogOptions>() ?? new();

        config.Acks = Acks.All;
        config.EnableIdempotence = true;
        config.EnableDeliveryReports = true;
        config.MessageTimeoutMs = (int)log.AppendDeadline.TotalMilliseconds;
        config.QueueBufferingMaxMessages = kafka.MaxPendingAppends;
        // A producer that asks for an unknown topic would have it created with the brokers' number of partitions, not ours.
        config.AllowAutoCreateTopics = false;

        // Every buyer waits for an append: 1 ms gathers a batch under load, 5 ms costs most of the throughput of few buyers.
        config.LingerMs ??= 1;
        config.CompressionType ??= CompressionType.None;
        // The reports carry back what was sent; nobody reads it.
        config.DeliveryReportFields ??= "none";
        return config.Client(configuration);
    }

    /// <summary>Configures the consumer that <see cref="IPurchaseFeed"/> reads with.</summary>
    /// <param name="config">The client's configuration so far, TLS and SASL included.</param>
    /// <param name="configuration">Where the section <c>Shopping</c> and <c>ConnectionStrings:kafka</c> are found.</param>
    public static ConsumerConfig ForPurchases(this ConsumerConfig config, IConfiguration configuration)
    {
        var kafka = configuration.GetSection(PurchaseLogOptions.Section).Get<KafkaOptions>() ?? new();

        config.GroupId = kafka.ConsumerGroup;
        config.EnableAutoCommit = false;
        config.EnableAutoOffsetStore = false;
        config.AutoOffsetReset = AutoOffsetReset.Earliest;
        config.PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky;
        config.AllowAutoCreateTopics = false;
        if (kafka.StaticMembership)
        {
            config.GroupInstanceId ??= Environment.MachineName;
        }

        // The partitions of a reader that died are read on by others after the first; one that hangs leaves after the second.
        config.SessionTimeoutMs ??= 15_000;
        config.HeartbeatIntervalMs ??= 3_000;
        config.MaxPollIntervalMs ??= 300_000;
        return config.Client(configuration);
    }

    /// <summary>
    /// Lets <see cref="IPurchaseFeed"/> know which partitions come and go. Without this it refuses to read. Needs
    /// <see cref="KafkaServices.AddKafkaPurchaseFeed"/>.
    /// </summary>
    public static ConsumerBuilder<string, byte[]> ForPurchases(this ConsumerBuilder<string, byte[]> builder, IServiceProvider services)
    {
        services.GetRequiredService<Rebalances>().Attach(builder);
        // The key only chose the partition; what it says is in the value, too.
        return builder.SetKeyDeserializer(NoKey.Instance);
    }

    private static T Client<T>(this T config, IConfiguration configuration) where T : ClientConfig
    {
        config.BootstrapServers ??= configuration.GetConnectionString("kafka") ?? "localhost:9092";
        config.ClientId ??= AppDomain.CurrentDomain.FriendlyName;
        // Back within a second after an outage, instead of ten; a broker that hangs is noticed after 10 s, instead of 60.
        config.ReconnectBackoffMaxMs ??= 1_000;
        config.SocketTimeoutMs ??= 10_000;
        config.SocketKeepaliveEnable ??= true;
        // Partitions that are added to the topic are noticed after half a minute, instead of five.
        config.TopicMetadataRefreshIntervalMs ??= 30_000;
        return config;
    }

    private sealed class NoKey : IDeserializer<string>
    {
        public static readonly NoKey Instance = new();

        public string Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) => string.Empty;
    }
}
