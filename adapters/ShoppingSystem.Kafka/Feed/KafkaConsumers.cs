using Confluent.Kafka;

namespace ShoppingSystem.Kafka;

/// <summary>
/// Builds the consumers of the feed: one for each reading, because one that has left the group can't come back. They are the
/// feed's own, and not the container's, which would free them when the host ends: to free a client while a thread is still in it
/// (leaving the group can take long when brokers are away) corrupts the process. So the thread of a reading frees its consumer,
/// and one that hangs ends with the process.
/// </summary>
/// <param name="config">What all are configured with.</param>
/// <param name="troubles">Told of the client's troubles and of its own lines.</param>
internal sealed class KafkaConsumers(ConsumerConfig config, ClientTroubles troubles)
{
    /// <summary>Makes the builder.</summary>
    public Func<ConsumerConfig, ConsumerBuilder<string, byte[]>> NewBuilder { get; init; } = config => new(config);

    /// <param name="listener">Who is told which partitions come and go, on the thread that polls the consumer.</param>
    public IConsumer<string, byte[]> Build(Func<IRebalanceListener> listener) => NewBuilder(config)
        // The key only chose the partition; what it says is in the value, too.
        .SetKeyDeserializer(NoKey.Instance)
        .SetPartitionsAssignedHandler((_, partitions) => Whole(() => listener().Assigned(partitions)))
        .SetPartitionsRevokedHandler((_, partitions) => Whole(() => listener().Revoked(partitions)))
        .SetPartitionsLostHandler((_, partitions) => Whole(() => listener().Lost(partitions)))
        .SetLogHandler((_, message) => troubles.PassOn(message))
        .SetErrorHandler((_, error) =>
        {
            // What ends the reading is told by the feed.
            if (!error.IsFatal)
            {
                troubles.Note(error);
            }
        })
        .Build();

    // After a handler that failed, the client drops its partitions but stays a member that nobody else may read them for. So
    // the failure must not pass for one of those that polling again makes good.
    private static T Whole<T>(Func<T> handle)
    {
        try
        {
            return handle();
        }
        catch (KafkaException e)
        {
            throw new InvalidOperationException($"A rebalance could not be followed: {e.Error.Reason}", e);
        }
    }

    private static void Whole(Action handle) => Whole(() =>
    {
        handle();
        return true;
    });

    private sealed class NoKey : IDeserializer<string>
    {
        public static readonly NoKey Instance = new();

        public string Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) => string.Empty;
    }
}

internal interface IRebalanceListener
{
    /// <summary>These are ours from now on; answers with where each is read from.</summary>
    IEnumerable<TopicPartitionOffset> Assigned(IReadOnlyList<TopicPartition> partitions);

    /// <summary>These go to another reader when this returns; until then they can be committed.</summary>
    void Revoked(IReadOnlyList<TopicPartitionOffset> partitions);

    /// <summary>These belong to another reader already; they can't be committed any more.</summary>
    void Lost(IReadOnlyList<TopicPartitionOffset> partitions);
}
