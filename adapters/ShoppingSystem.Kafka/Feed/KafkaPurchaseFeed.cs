using System.Diagnostics.CodeAnalysis;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>
/// Reads as a member of the consumer group. A reading ends with its consumer, because a consumer that has left the group
/// can't come back: each reading builds its own, in the way that the one in the container was built.
/// </summary>
/// <remarks>
/// The one in the container is only an example. The container frees it when the host ends, and to free a client while a
/// thread is still in it (leaving the group can take long when brokers are away) corrupts the process. The consumer of a
/// reading is freed by its own thread; one that hangs ends with the process.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "A reading disposes of its pump.")]
internal sealed class KafkaPurchaseFeed : IPurchaseFeed
{
    private readonly Rebalances _rebalances;
    private readonly KafkaTopic _topic;
    private readonly KafkaOptions _kafka;
    private readonly PurchaseLogOptions _log;
    private readonly ILogger _logger;
    private readonly FeedProblems _problems;
    private readonly DataLoss _loss;
    private volatile FeedPump? _pump;
    private bool _isRead;

    public KafkaPurchaseFeed(
        IConsumer<string, byte[]> consumer, Rebalances rebalances, KafkaTopic topic, IOptions<KafkaOptions> kafka,
        IOptions<PurchaseLogOptions> log, TimeProvider time, ILogger<KafkaPurchaseFeed> logger)
    {
        // It has done its part: with it, its builder has become known.
        consumer.Dispose();
        _rebalances = rebalances;
        _topic = topic;
        _kafka = kafka.Value;
        _log = log.Value;
        _logger = logger;
        _problems = new FeedProblems(_kafka, time, logger);
        _loss = new DataLoss(_kafka, logger);
        SpanTags =
        [
            new("messaging.system", "kafka"),
            new("messaging.destination.name", topic.Name),
            new("messaging.consumer.group.name", _kafka.ConsumerGroup),
        ];
    }

    public IReadOnlyList<PartitionLag> Lag => _pump?.Lag ?? [];

    public string? Problem => _problems.Current;

    public FeedLoss? Loss => _loss.Total;

    public IReadOnlyList<KeyValuePair<string, object?>> SpanTags { get; }

    /// <exception cref="InvalidOperationException">
    /// It is being read already, or its consumer was built without <see cref="KafkaClientSettings"/>.
    /// </exception>
    public IAsyncEnumerable<FeedBatch> ReadAsync(CancellationToken cancellationToken = default) => new Reading(this, cancellationToken);

    private FeedPump Begin()
    {
        var builder = _rebalances.Builder ?? throw new InvalidOperationException(
            $"The consumer's builder was not given to {nameof(KafkaClientSettings)}.{nameof(KafkaClientSettings.ForPurchases)}: partitions would change hands unnoticed.");
        if (Interlocked.Exchange(ref _isRead, true))
        {
            throw new InvalidOperationException("The feed is being read already.");
        }

        _pump = new FeedPump(builder.Build(), _topic, _problems, _loss, _kafka, _log, _logger);
        _rebalances.Listener = _pump;
        _pump.Start();
        return _pump;
    }

    private async ValueTask EndAsync(FeedPump pump)
    {
        await pump.DisposeAsync();
        _pump = null;
        _isRead = false;
    }

    // Written out, because an iterator method would end itself on cancellation, and the batch in hand could not be committed.
    private sealed class Reading(KafkaPurchaseFeed feed, CancellationToken cancellationToken)
        : IAsyncEnumerable<FeedBatch>, IAsyncEnumerator<FeedBatch>
    {
        private CancellationTokenSource _cancelled = null!;
        private FeedPump _pump = null!;

        public FeedBatch Current { get; private set; } = null!;

        public IAsyncEnumerator<FeedBatch> GetAsyncEnumerator(CancellationToken enumeratorToken = default)
        {
            _pump = feed.Begin();
            _cancelled = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, enumeratorToken);
            return this;
        }

        public async ValueTask<bool> MoveNextAsync()
        {
            Current = await _pump.TakeAsync(_cancelled.Token);
            return true;
        }

        public async ValueTask DisposeAsync()
        {
            await feed.EndAsync(_pump);
            _cancelled.Dispose();
        }
    }
}
