using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>Events handed out together.</summary>
/// <param name="events">The events.</param>
/// <param name="ends">For each partition among them, the offset after its last event.</param>
/// <param name="committer">Commits it.</param>
internal sealed class KafkaFeedBatch(List<FeedEvent> events, Dictionary<AssignedPartition, long> ends, OffsetCommitter committer) : FeedBatch
{
    public override IReadOnlyList<FeedEvent> Events => events;

    public Dictionary<AssignedPartition, long> Ends => ends;

    public TaskCompletionSource Settled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override ValueTask CommitAsync(CancellationToken cancellationToken = default)
    {
        committer.Commit(this);
        return new ValueTask(Settled.Task.WaitAsync(cancellationToken));
    }
}
