namespace ShoppingSystem.AppHost;

internal static partial class Infrastructure
{
    /// <summary>Whether this AppHost was built with Aspire's integrations for Kafka, MongoDB and Kubernetes.</summary>
    public static bool CanBeContainers => true;

    /// <summary>Why Kafka and MongoDB can't be containers.</summary>
    public static string? WhyNot => null;

    /// <summary>A broker in a container, and Kafka UI when the shop runs locally. Its data is kept when the container ends.</summary>
    public static IResourceBuilder<IResourceWithConnectionString> AddKafkaContainer(this IDistributedApplicationBuilder builder, Kubernetes? kubernetes) =>
        builder.AddKafka("kafka")
            .WithDataVolume("shopping-kafka-data")
            .WithKafkaUI()
            .OnKubernetes(kubernetes);

    /// <summary>
    /// A MongoDB server in a container, and Mongo Express when the shop runs locally. Its data is kept when the container ends.
    /// </summary>
    public static IResourceBuilder<IResourceWithConnectionString> AddMongoDBContainer(this IDistributedApplicationBuilder builder, Kubernetes? kubernetes) =>
        builder.AddMongoDB("mongodb")
            .WithDataVolume("shopping-mongodb-data")
            .WithMongoExpress()
            .OnKubernetes(kubernetes)
            .AddDatabase("shopping");
}
