using Confluent.Kafka;

namespace ShoppingSystem.Kafka;

/// <summary>
/// Passes on which partitions come and go. A consumer takes its handlers from its builder only, before there is a feed that
/// could listen; so the builder is given these, and the feed sets itself as <see cref="Listener"/> when it starts to read.
/// </summary>
internal sealed class Rebalances
{
    /// <summary>What the consumer was built with; null when it was built without the handlers.</summary>
    public ConsumerBuilder<string, byte[]>? Builder { get; private set; }

    /// <summary>Who is told, on the thread that polls the consumer.</summary>
    public IRebalanceListener? Listener { get; set; }

    public void Attach(ConsumerBuilder<string, byte[]> builder)
    {
        builder.SetPartitionsAssignedHandler((_, partitions) => Whole(() =>
            Listener?.Assigned(partitions) ?? partitions.Select(partition => new TopicPartitionOffset(partition, Offset.Unset))));
        builder.SetPartitionsRevokedHandler((_, partitions) => Whole(() => Listener?.Revoked(partitions)));
        builder.SetPartitionsLostHandler((_, partitions) => Whole(() => Listener?.Lost(partitions)));
        Builder = builder;
    }

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
