using Confluent.Kafka;

namespace ShoppingSystem.Kafka;

/// <summary>
/// Builds the consumers of the feed: one for each reading, because a consumer that has left the group can't rejoin. The feed owns them,
/// not the container, which would free them when the host ends: freeing a client while a thread still uses it (leaving the group
/// can take long when brokers are away) corrupts the process. So the thread of a reading frees its consumer, and if it hangs,
/// the consumer ends with the process.
/// </summary>
/// <param name="config">The configuration of all consumers.</param>
/// <param name="errors">Gets the client's errors and its log lines.</param>
internal sealed class KafkaConsumers(ConsumerConfig config, ClientErrors errors)
{
    /// <summary>Creates the builder.</summary>
    public Func<ConsumerConfig, ConsumerBuilder<string, byte[]>> NewBuilder { get; init; } = config => new(config);

    /// <param name="assignment">Is told which partitions are assigned and revoked, on the thread that polls the consumer.</param>
    public IConsumer<string, byte[]> Build(Func<Assignment> assignment) => NewBuilder(config)
        // The key only selects the partition; the value contains it, too.
        .SetKeyDeserializer(NoKey.Instance)
        .SetPartitionsAssignedHandler((_, partitions) => Whole(() => assignment().Assigned(partitions)))
        .SetPartitionsRevokedHandler((_, partitions) => Whole(() => assignment().Revoked(partitions)))
        .SetPartitionsLostHandler((_, partitions) => Whole(() => assignment().Lost(partitions)))
        .SetLogHandler((_, message) => errors.Forward(message))
        .SetErrorHandler((_, error) =>
        {
            // The feed itself reports errors that end the reading.
            if (!error.IsFatal)
            {
                errors.Note(error);
            }
        })
        .Build();

    // When a handler throws, the client drops its partitions but stays a member, so no other reader gets them. So the failure must
    // not look like one that another poll can cure.
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
