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
        builder.SetPartitionsAssignedHandler((_, partitions) =>
            Listener?.Assigned(partitions) ?? partitions.Select(partition => new TopicPartitionOffset(partition, Offset.Unset)));
        builder.SetPartitionsRevokedHandler((_, partitions) => Listener?.Revoked(partitions));
        builder.SetPartitionsLostHandler((_, partitions) => Listener?.Lost(partitions));
        Builder = builder;
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
