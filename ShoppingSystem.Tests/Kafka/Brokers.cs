using Confluent.Kafka;
using ShoppingSystem.MockKafka;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>
/// Brokers that need no faults of their own, and the topic and the group of one test on them: a mock cluster's or, with
/// <c>SHOPPING_TEST_KAFKA=host:port</c>, real ones.
/// </summary>
internal sealed class Brokers : IDisposable
{
    public const string DefaultTopic = "purchases";
    public const string DefaultGroup = "management-api-group";
    public const int DefaultPartitions = 12;

    private static readonly string? Real = Environment.GetEnvironmentVariable("SHOPPING_TEST_KAFKA");

    private readonly IDisposable? _own;

    public Brokers(string bootstrapServers, IDisposable? own = null) => (BootstrapServers, _own) = (bootstrapServers, own);

    /// <summary>Where they listen: <c>host:port</c>, separated by commas.</summary>
    public string BootstrapServers { get; }

    public string Topic { get; private init; } = DefaultTopic;

    public string Group { get; private init; } = DefaultGroup;

    public int Partitions { get; private init; } = DefaultPartitions;

    public bool AreReal => _own is TestTopic;

    /// <summary>What makes the faults, where the brokers are <see cref="NewMock"/>'s.</summary>
    public MockCluster Mock => (MockCluster)_own!;

    public static Brokers New(int partitions = DefaultPartitions) => NewReal(partitions) ?? NewMock(partitions);

    /// <summary>A topic on real brokers; null where there are none.</summary>
    public static Brokers? NewReal(int partitions = DefaultPartitions)
    {
        if (Real is null)
        {
            return null;
        }

        // The host that starts first creates the topic.
        var name = $"test-{Guid.NewGuid()}";
        return new Brokers(Real, new TestTopic(name)) { Topic = name, Group = name, Partitions = partitions };
    }

    public static Brokers NewMock(int partitions = DefaultPartitions)
    {
        var mock = new MockCluster();
        mock.CreateTopic(DefaultTopic, partitions);
        return new Brokers(mock.BootstrapServers, mock) { Partitions = partitions };
    }

    public static implicit operator Brokers(MockCluster mock) => new(mock.BootstrapServers);

    public void Dispose() => _own?.Dispose();

    private sealed class TestTopic(string name) : IDisposable
    {
        public void Dispose()
        {
            using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Real }).SetLogHandler((_, _) => { }).Build();
            try
            {
                admin.DeleteTopicsAsync([name]).GetAwaiter().GetResult();
            }
            catch (KafkaException)
            {
                // It stays behind, or never was.
            }
        }
    }
}
