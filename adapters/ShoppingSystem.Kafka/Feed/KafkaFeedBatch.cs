using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>Events handed out together.</summary>
/// <param name="events">The events.</param>
/// <param name="ends">For each partition among them, the offset after its last event.</param>
/// <param name="pump">Commits it.</param>
internal sealed class KafkaFeedBatch(List<FeedEvent> events, Dictionary<Holding, long> ends, FeedPump pump) : FeedBatch
{
    public override IReadOnlyList<FeedEvent> Events => events;

    public Dictionary<Holding, long> Ends => ends;

    public TaskCompletionSource Settled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override ValueTask CommitAsync(CancellationToken cancellationToken = default)
    {
        pump.Commit(this);
        return new ValueTask(Settled.Task.WaitAsync(cancellationToken));
    }
}
