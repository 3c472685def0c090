using Confluent.Kafka;
using ShoppingSystem.Kafka;
using ShoppingSystem.Purchases;
using ShoppingSystem.ServiceDefaults;

namespace ShoppingSystem.ManagementApi;

internal static class Settings
{
    /// <summary>All settings of the management API.</summary>
    public static HostSettings All { get; } = new HostSettings("the internal service of the cluster, which records")
        .With("urls", "http://localhost:8080", "where it listens")
        .With("ConnectionStrings:kafka", "localhost:9092", "the brokers: host:port, separated by commas")
        .With("ConnectionStrings:shopping", "mongodb://localhost:27017/shopping", "the MongoDB database")
        .WithAll(typeof(ConsumerConfig), "Kafka", "how to connect to the brokers: any setting of Confluent's ConsumerConfig that durability does not rest on")
        .ShareAll(typeof(ProducerConfig), "Kafka")
        .With(PurchaseLogOptions.Section, KafkaOptions.LogDefaults)
        .With<KafkaOptions>(PurchaseLogOptions.Section)
        .WithHeader("Management:ApiKey", "the key that it wants in X-API-Key")
        .Share("Admission", "MaxConcurrentRequests", "RequestsPerSecond", "Burst")
        .Share("Authentication", "Authority", "Audience");
}
