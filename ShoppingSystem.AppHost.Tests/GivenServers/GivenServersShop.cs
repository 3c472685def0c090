using Aspire.Hosting;
using ShoppingSystem.AppHost.Tests.Support;
using ShoppingSystem.MockKafka;
using ShoppingSystem.MockMongo;

namespace ShoppingSystem.AppHost.Tests.GivenServers;

/// <summary>
/// The cluster edition over a Kafka and a MongoDB that are there already and are given by connection string; here, their
/// stand-ins. Needs no containers.
/// </summary>
public sealed class GivenServersShop : IAsyncLifetime
{
    private const int Partitions = 12;

    internal string Brokers => Kafka.BootstrapServers;

    internal RunningShop Shop { get; private set; } = null!;

    private MockCluster Kafka { get; } = new();

    private MockServer Mongo { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Kafka.CreateTopic("purchases", Partitions);
        Shop = await StartAsync(1);
    }

    public async ValueTask DisposeAsync()
    {
        await Shop.DisposeAsync();
        Kafka.Dispose();
        Mongo.Dispose();
    }

    /// <summary>Starts the application once more, over the same servers.</summary>
    internal Task<RunningShop> StartAsync(int managementApis, Action<IDistributedApplicationBuilder>? change = null) => RunningShop.StartAsync(
        [$"--ConnectionStrings:kafka={Kafka.BootstrapServers}", $"--ConnectionStrings:shopping={Mongo.ConnectionString()}", $"--Replicas:management-api={managementApis}"],
        ("web-server", "http"), ("management-api", "http"), builder => change?.Invoke(builder));
}
