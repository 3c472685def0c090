using Confluent.Kafka;
using ShoppingSystem.Kafka;
using ShoppingSystem.Purchases;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Storefront;

namespace ShoppingSystem.WebServer;

internal static class Settings
{
    /// <summary>All settings of the web server.</summary>
    public static HostSettings All { get; } = new HostSettings("the customer-facing service of the cluster")
        .With("urls", "http://localhost:8081", "where it listens")
        .With("ConnectionStrings:kafka", "localhost:9092", "the brokers: host:port, separated by commas")
        .WithAll(typeof(ProducerConfig), "Kafka", "how to connect to them: any setting of Confluent's ProducerConfig that durability does not rest on")
        .ShareAll(typeof(ConsumerConfig), "Kafka")
        .With("services:management-api:http:0", "http://localhost:8080", "where the management API is; services:management-api:https:0 comes before it")
        .With("services:management-api:https:0", null, "the same, over TLS")
        .With(PurchaseLogOptions.Section, KafkaOptions.LogDefaults)
        .With<KafkaOptions>(PurchaseLogOptions.Section)
        .With<AdmissionOptions>(AdmissionOptions.Section)
        .With<CrossOriginOptions>(CrossOriginOptions.Section)
        .With<SignInOptions>(SignInOptions.Section)
        .WithHeader("Management:ApiKey", "the key that it sends to the management API in X-API-Key");
}
