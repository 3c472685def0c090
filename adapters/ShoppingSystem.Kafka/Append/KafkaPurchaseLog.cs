using System.Diagnostics;
using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>
/// Appends with an idempotent producer: an append completes when all in-sync replicas have the event, and an event that the client
/// sends again is written once. The key is the user, so a user's purchases keep their order. The client makes the batches.
/// </summary>
/// <remarks>
/// When the deadline passes, the event may have been written, or may still be written: this can't be known. That is why a
/// retry must carry the id of the first attempt, as a retry with an <c>Idempotency-Key</c> does.
/// </remarks>
internal sealed class KafkaPurchaseLog : IPurchaseLog, IHostedService
{
    private static readonly TimeSpan QueueFullPause = TimeSpan.FromMilliseconds(10);

    private static readonly Headers NoHeaders = [];

    private readonly IProducer<string, byte[]> _producer;
    private readonly KafkaAdmin _admin;
    private readonly TopicWatch _watch;
    private readonly AppendCircuitBreaker _breaker;
    private readonly AppendRefusals _refusals;
    private readonly string _topic;
    private readonly TimeSpan _deadline;
    private volatile bool _stopping;

    public KafkaPurchaseLog(
        IProducer<string, byte[]> producer, KafkaAdmin admin, TopicWatch watch, AppendCircuitBreaker breaker, AppendRefusals refusals,
        IOptions<KafkaOptions> kafka, IOptions<PurchaseLogOptions> log)
    {
        (_producer, _admin, _watch, _breaker, _refusals) = (producer, admin, watch, breaker, refusals);
        _topic = kafka.Value.Topic;
        _deadline = log.Value.AppendDeadline;
        SpanTags = [new("messaging.system", "kafka"), new("messaging.destination.name", _topic)];
    }

    public IReadOnlyList<KeyValuePair<string, object?>> SpanTags { get; }

    public async ValueTask AppendAsync(Purchase purchase, CancellationToken cancellationToken = default)
    {
        if (_breaker.Outage is { } outage)
        {
            throw new PurchaseLogUnavailableException($"No Kafka broker answers: {outage}.") { ErrorType = "circuit_open", PublicReason = AppendCircuitBreaker.NoBroker };
        }

        var message = new Message<string, byte[]> { Key = purchase.UserId, Value = PurchaseEvent.ToBytes(purchase), Headers = TraceHeaders() };
        var started = Stopwatch.GetTimestamp();
        do
        {
            try
            {
                ObjectDisposedException.ThrowIf(_stopping, this);
                var written = await _producer.ProduceAsync(_topic, message, cancellationToken);
                _breaker.Succeeded(written.Partition);
                Describe(written);
                if (!IsOnlyInferred(written))
                {
                    return;
                }
            }
            catch (ProduceException<string, byte[]> e) when (e.Error.Code is ErrorCode.Local_QueueFull)
            {
                await Task.Delay(QueueFullPause, cancellationToken);
            }
            catch (ProduceException<string, byte[]> e) when (e.Error.Code is ErrorCode.Local_MsgTimedOut)
            {
                throw Late(started, e.DeliveryResult.Partition, e);
            }
            catch (ProduceException<string, byte[]> e)
            {
                var reason = _refusals.Refused(e.Error, e.DeliveryResult.Partition);
                throw new PurchaseLogUnavailableException($"Kafka did not take the purchase: {reason}.", e) { ErrorType = e.Error.Code.ToString(), PublicReason = reason };
            }
            catch (ObjectDisposedException e)
            {
                throw new PurchaseLogUnavailableException("The log is shutting down.", e);
            }
        }
        while (Stopwatch.GetElapsedTime(started) <= _deadline);

        throw Late(started, Partition.Any, null);
    }

    /// <summary>Connects, and starts to create the topic if it is missing, while the host starts.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _refusals.IsUsed = true;
        _admin.Attach(_producer);
        _ = _watch.EnsureTopicAsync();
        return Task.CompletedTask;
    }

    /// <summary>Completes when everything that was appended has succeeded or failed. Later appends are refused.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        // Each append fails at its deadline, which the client checks once a second.
        return Task.Run(() => _producer.Flush(_deadline + TimeSpan.FromSeconds(2)), CancellationToken.None);
    }

    private static void Describe(DeliveryResult<string, byte[]> written)
    {
        if (Activity.Current is { IsAllDataRequested: true } span && span.Source == Signals.Activities)
        {
            span.SetTag("messaging.destination.partition.id", written.Partition.Value.ToString(CultureInfo.InvariantCulture))
                .SetTag("messaging.kafka.offset", written.Offset.Value);
        }
    }

    // The client reports success without an offset when it only infers it: the broker accepted a later event of the partition, so
    // it must have accepted this one before. That is wrong if the broker had nothing from this producer in the partition yet:
    // then it accepts a gap. If the purchase is sent again, the log has it twice at worst, under one id, and it is recorded once.
    private static bool IsOnlyInferred(DeliveryResult<string, byte[]> written) => written.Offset.IsSpecial;

    private PurchaseLogUnavailableException Late(long started, Partition partition, Exception? innerException)
    {
        var reason = _breaker.TimedOut(started, partition);
        return new($"Kafka did not acknowledge the purchase within {_deadline.TotalSeconds} s: {reason}.", innerException) { ErrorType = "timeout", PublicReason = reason };
    }

    private static Headers TraceHeaders() => Activity.Current is { Recorded: true, IdFormat: ActivityIdFormat.W3C, Id: { } traceParent }
        ? new Headers { { "traceparent", Encoding.ASCII.GetBytes(traceParent) } }
        : NoHeaders;
}
