using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>
/// Appends with an idempotent producer: an append completes when all in-sync replicas have the event, and what the client
/// sends again is written once. Keyed by user, so that a user's purchases keep their order.
/// </summary>
/// <remarks>
/// When the deadline passes, the event may have been written all the same, or still be written: nobody can know. That is why
/// a retry must carry the id of the first attempt, as one with an <c>Idempotency-Key</c> does.
/// </remarks>
internal sealed class KafkaPurchaseLog : IPurchaseLog, IHostedService, IDisposable
{
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_value;

    private readonly IProducer<string, byte[]> _producer;
    private readonly KafkaTopic _kafkaTopic;
    private readonly string _topic;
    private readonly string _spanName;
    private readonly TimeSpan _deadline;
    private readonly SemaphoreSlim _room;

    public KafkaPurchaseLog(
        IProducer<string, byte[]> producer, KafkaTopic topic, IOptions<KafkaOptions> kafka, IOptions<PurchaseLogOptions> log)
    {
        _producer = producer;
        _kafkaTopic = topic;
        _topic = topic.Name;
        _spanName = $"send {_topic}";
        _deadline = log.Value.AppendDeadline;
        _room = new SemaphoreSlim(kafka.Value.MaxPendingAppends);
    }

    public async ValueTask AppendAsync(Purchase purchase, CancellationToken cancellationToken = default)
    {
        var started = Stopwatch.GetTimestamp();
        using var span = StartSpan();
        try
        {
            // There is room for less than the client's queue takes. Who finds none waits for a place instead of failing.
            if (!await _room.WaitAsync(_deadline, cancellationToken))
            {
                throw new TimeoutException();
            }

            var report = await Send(purchase).WaitAsync(Positive(_deadline - Stopwatch.GetElapsedTime(started)), cancellationToken);
            if (report.Error.IsError)
            {
                throw new KafkaException(report.Error);
            }

            span?.SetTag("messaging.destination.partition.id", report.Partition.Value.ToString(CultureInfo.InvariantCulture))
                .SetTag("messaging.kafka.offset", report.Offset.Value);
            Signals.AppendDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        catch (Exception e) when (e is KafkaException or TimeoutException)
        {
            var error = (e as KafkaException)?.Error;
            var type = error?.Code.ToString() ?? "timeout";
            span?.SetTag("error.type", type).SetStatus(ActivityStatusCode.Error, error?.Reason);
            Signals.AppendDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, new KeyValuePair<string, object?>("error.type", type));
            throw new PurchaseLogUnavailableException(
                $"Kafka did not acknowledge the purchase{(error is null ? $" within {_deadline.TotalSeconds} s" : $": {error.Reason}")}.", e);
        }
    }

    /// <summary>Connects, and has the topic created where it is missing, while the host starts.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _kafkaTopic.Attach(_producer);
        _ = _kafkaTopic.Ensured;
        return Task.CompletedTask;
    }

    /// <summary>Sends what is still in the client's queue, for as long as an append may take.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.Run(() => _producer.Flush(_deadline), CancellationToken.None);

    public void Dispose() => _room.Dispose();

    private Activity? StartSpan()
    {
        var span = Signals.Activities.StartActivity(_spanName, ActivityKind.Producer);
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag("messaging.system", "kafka")
                .SetTag("messaging.operation.type", "send")
                .SetTag("messaging.operation.name", "send")
                .SetTag("messaging.destination.name", _topic);
        }

        return span;
    }

    private Task<DeliveryReport<string, byte[]>> Send(Purchase purchase)
    {
        var message = new Message<string, byte[]> { Key = purchase.UserId, Value = Serialize(purchase) };
        if (Activity.Current is { Recorded: true, IdFormat: ActivityIdFormat.W3C, Id: { } traceParent })
        {
            message.Headers = new Headers { { "traceparent", Encoding.ASCII.GetBytes(traceParent) } };
        }

        var delivery = new Delivery(_room);
        try
        {
            _producer.Produce(_topic, message, delivery.Complete);
        }
        catch (ProduceException<string, byte[]> e)
        {
            delivery.Complete(new DeliveryReport<string, byte[]> { Error = e.Error });
        }

        return delivery.Task;
    }

    private static byte[] Serialize(Purchase purchase)
    {
        var value = t_value ??= new ArrayBufferWriter<byte>(512);
        value.ResetWrittenCount();
        PurchaseEvent.Write(value, purchase);
        return value.WrittenSpan.ToArray();
    }

    private static TimeSpan Positive(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;

    // Completed on the client's one thread for reports, where nothing else must run.
    private sealed class Delivery(SemaphoreSlim room)
        : TaskCompletionSource<DeliveryReport<string, byte[]>>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public void Complete(DeliveryReport<string, byte[]> report)
        {
            SetResult(report);
            room.Release();
        }
    }
}
