using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>Reads as a member of the consumer group. A reading ends with its consumer; the next one has another.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A reading disposes of its loop.")]
internal sealed class KafkaPurchaseFeed(
    KafkaConsumers consumers, KafkaAdmin admin, TopicWatch watch, TopicObserver topic, IOptions<KafkaOptions> kafka, IOptions<PurchaseLogOptions> log,
    TimeProvider time, Signals signals, ILogger<KafkaPurchaseFeed> logger)
    : IPurchaseFeed
{
    private readonly FeedProblems _problems = new(kafka.Value, time, logger);
    private readonly DataLoss _loss = new(kafka.Value, signals, logger);
    private volatile ConsumerLoop? _loop;
    private bool _isRead;

    public IReadOnlyList<PartitionLag> Lag => _loop?.Lag ?? [];

    public string? Problem => _problems.Current;

    public FeedLoss? Loss => _loss.Total;

    public IReadOnlyList<KeyValuePair<string, object?>> SpanTags { get; } =
    [
        new("messaging.system", "kafka"),
        new("messaging.destination.name", kafka.Value.Topic),
        new("messaging.consumer.group.name", kafka.Value.ConsumerGroup),
    ];

    /// <exception cref="InvalidOperationException">It is being read already.</exception>
    public IAsyncEnumerable<FeedBatch> ReadAsync(CancellationToken cancellationToken = default) => new Reading(this, cancellationToken);

    private ConsumerLoop Begin()
    {
        if (Interlocked.Exchange(ref _isRead, true))
        {
            throw new InvalidOperationException("The feed is being read already.");
        }

        var loop = _loop = new ConsumerLoop(consumers, admin, watch, topic, _problems, _loss, kafka.Value, log.Value, logger);
        loop.Start();
        return loop;
    }

    private async ValueTask EndAsync(ConsumerLoop loop)
    {
        await loop.DisposeAsync();
        _loop = null;
        _isRead = false;
    }

    // Not an iterator method: that would end at cancellation, and the batch in hand could not be committed.
    private sealed class Reading(KafkaPurchaseFeed feed, CancellationToken cancellationToken)
        : IAsyncEnumerable<FeedBatch>, IAsyncEnumerator<FeedBatch>
    {
        private CancellationTokenSource _cancelled = null!;
        private ConsumerLoop _loop = null!;

        public FeedBatch Current { get; private set; } = null!;

        public IAsyncEnumerator<FeedBatch> GetAsyncEnumerator(CancellationToken enumeratorToken = default)
        {
            _loop = feed.Begin();
            _cancelled = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, enumeratorToken);
            return this;
        }

        public async ValueTask<bool> MoveNextAsync()
        {
            Current = await _loop.TakeAsync(_cancelled.Token);
            return true;
        }

        public async ValueTask DisposeAsync()
        {
            await feed.EndAsync(_loop);
            _cancelled.Dispose();
        }
    }
}
