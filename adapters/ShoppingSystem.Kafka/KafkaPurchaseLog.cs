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
/// <para>
/// What is appended while a group is on its way to the brokers forms the next one: a lone purchase goes at once, and under
/// load the cost of a request is shared by many. A group is waited for no longer than <see cref="GroupTime"/>, so that a
/// broker that is slow or away holds up its own partitions only.
/// </para>
/// <para>
/// When the deadline passes, the event may have been written all the same, or still be written: nobody can know. That is why
/// a retry must carry the id of the first attempt, as one with an <c>Idempotency-Key</c> does.
/// </para>
/// <para>
/// What the client only infers to be written (<see cref="Append.IsOnlyInferred"/>) is sent again instead of acknowledged.
/// Should it have been written after all, it is in the log twice, under one id, and is recorded once.
/// </para>
/// </remarks>
internal sealed class KafkaPurchaseLog : IPurchaseLog, IHostedService, IDisposable
{
    /// <summary>How long a group may take until the next one goes all the same.</summary>
    private static readonly TimeSpan GroupTime = TimeSpan.FromMilliseconds(5);

    /// <summary>How long an acknowledgement that is here may wait for those of the same group.</summary>
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(1);

    /// <summary>How often the client's errors are heard while nothing is appended.</summary>
    private static readonly TimeSpan IdleInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// From this size on, those who were just answered are given a moment to come back, most of them, before the next group
    /// goes. Otherwise the buyers fall into two camps that take turns, and the groups have half the size.
    /// </summary>
    private const int LargeGroup = 64;

    private const int NeverEnough = -1;

    /// <summary>The moment.</summary>
    private static readonly TimeSpan ReturnTime = TimeSpan.FromMilliseconds(1);

    private static readonly Headers s_noHeaders = [];

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_value;

    private readonly IProducer<string, byte[]> _producer;
    private readonly ProducerErrors _errors;
    private readonly KafkaTopic _kafkaTopic;
    private readonly string _topic;
    private readonly TopicPartition _partition;
    private readonly string _spanName;
    private readonly TimeSpan _deadline;
    private readonly int _room;
    private readonly Thread _sender;
    private readonly Action<Append, Error> _reported;
    private readonly object _gate = new();
    private readonly Queue<Append> _waiting = new();
    private int _enough = NeverEnough;
    private bool _stopping;

    // Only the sender touches these.
    private readonly List<Append> _group = [];
    private readonly Message<string, byte[]> _message = new();
    private readonly Queue<Append> _sent = new();
    private readonly Acknowledgements _acknowledgements = new();
    private int _unreported;

    public KafkaPurchaseLog(
        IProducer<string, byte[]> producer, ProducerErrors errors, KafkaTopic topic, IOptions<KafkaOptions> kafka, IOptions<PurchaseLogOptions> log)
    {
        _producer = producer;
        _errors = errors;
        _kafkaTopic = topic;
        _topic = topic.Name;
        _partition = new TopicPartition(_topic, Partition.Any);
        _spanName = $"send {_topic}";
        _deadline = log.Value.AppendDeadline;
        _room = kafka.Value.MaxPendingAppends;
        _reported = Reported;
        _sender = new Thread(SendAll) { Name = "purchase log", IsBackground = true };
    }

    public ValueTask AppendAsync(Purchase purchase, CancellationToken cancellationToken = default) =>
        Signals.AppendDuration.Enabled || Signals.Activities.HasListeners()
            ? AppendObservedAsync(purchase, cancellationToken)
            : new ValueTask(Enqueue(purchase).Task.WaitAsync(cancellationToken));

    /// <summary>Connects, and has the topic created where it is missing, while the host starts.</summary>
    /// <exception cref="InvalidOperationException">The producer was built without <see cref="KafkaClientSettings"/>.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!_errors.AreHandled)
        {
            throw new InvalidOperationException(
                $"The producer's builder was not given to {nameof(KafkaClientSettings)}.{nameof(KafkaClientSettings.ForPurchases)}: that it can't go on would stay unnoticed.");
        }

        _kafkaTopic.Attach(_producer);
        _ = _kafkaTopic.Ensured;
        _sender.Start();
        return Task.CompletedTask;
    }

    /// <summary>Completes when everything that was appended has succeeded or failed. Later appends are refused.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.Run(Dispose, CancellationToken.None);

    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.Pulse(_gate);
        }

        if (!_sender.ThreadState.HasFlag(System.Threading.ThreadState.Unstarted))
        {
            _sender.Join();
        }
    }

    private async ValueTask AppendObservedAsync(Purchase purchase, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        using var span = Signals.Activities.StartActivity(_spanName, ActivityKind.Producer);
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag("messaging.system", "kafka")
                .SetTag("messaging.operation.type", "send")
                .SetTag("messaging.operation.name", "send")
                .SetTag("messaging.destination.name", _topic);
        }

        try
        {
            var append = Enqueue(purchase);
            await append.Task.WaitAsync(cancellationToken);
            span?.SetTag("messaging.destination.partition.id", append.Partition.Value.ToString(CultureInfo.InvariantCulture))
                .SetTag("messaging.kafka.offset", append.Offset.Value);
            Signals.AppendDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        catch (PurchaseLogUnavailableException e)
        {
            var type = e.InnerException is KafkaException { Error.Code: var code } ? code.ToString() : "timeout";
            span?.SetTag("error.type", type).SetStatus(ActivityStatusCode.Error, e.Message);
            Signals.AppendDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, new KeyValuePair<string, object?>("error.type", type));
            throw;
        }
    }

    private Append Enqueue(Purchase purchase)
    {
        var headers = s_noHeaders;
        if (Activity.Current is { Recorded: true, IdFormat: ActivityIdFormat.W3C, Id: { } traceParent })
        {
            headers = new Headers { { "traceparent", Encoding.ASCII.GetBytes(traceParent) } };
        }

        var append = new Append(purchase, Serialize(purchase), headers, _reported);
        lock (_gate)
        {
            if (_stopping)
            {
                throw new PurchaseLogUnavailableException("The log is shutting down.");
            }

            _waiting.Enqueue(append);
            if (_waiting.Count == 1 || _waiting.Count == _enough)
            {
                Monitor.Pulse(_gate);
            }
        }

        return append;
    }

    private void SendAll()
    {
        while (TakeGroup())
        {
            foreach (var append in _group)
            {
                Send(append);
            }

            Await();
            RefuseLate();
            _acknowledgements.PassOn();
        }
    }

    /// <summary>What waits, as far as there is room for it. Sleeps while there is nothing to do.</summary>
    /// <returns>False when there will never be anything to do again.</returns>
    private bool TakeGroup()
    {
        var answered = _group.Count;
        _group.Clear();
        lock (_gate)
        {
            if (answered >= LargeGroup && _waiting.Count > 0 && !_stopping)
            {
                _enough = _waiting.Count + (answered * 4 / 5);
                Monitor.Wait(_gate, ReturnTime);
                _enough = NeverEnough;
            }

            if (_waiting.Count == 0 && _sent.Count == 0)
            {
                if (_stopping)
                {
                    return false;
                }

                Monitor.Wait(_gate, IdleInterval);
            }

            while (_unreported + _group.Count < _room && _waiting.TryDequeue(out var append))
            {
                _group.Add(append);
            }

            return true;
        }
    }

    private void Send(Append append)
    {
        try
        {
            append.SendBy(_producer, _partition, _message);
            _unreported++;
            _sent.Enqueue(append);
        }
        catch (ProduceException<string, byte[]> e)
        {
            Decide(append, e.Error);
        }
    }

    // While a flush is waiting, the client sends at once what it has instead of gathering more.
    private void Await()
    {
        if (_group.Count == 0)
        {
            _producer.Poll(_unreported > 0 ? GroupTime : TimeSpan.Zero);
            return;
        }

        var sent = Stopwatch.GetTimestamp();
        do
        {
            _producer.Flush(ReportInterval);
            _acknowledgements.PassOn();
        }
        while (_unreported > 0 && Stopwatch.GetElapsedTime(sent) < GroupTime);
    }

    // The client gives up on time, too, but looks only once a second.
    private void RefuseLate()
    {
        while (_sent.TryPeek(out var append) && (append.IsDecided || IsLate(append)))
        {
            _sent.Dequeue();
        }

        lock (_gate)
        {
            while (_waiting.TryPeek(out var append) && IsLate(append))
            {
                _waiting.Dequeue();
            }
        }
    }

    private bool IsLate(Append append)
    {
        var late = append.Age > _deadline;
        if (late)
        {
            Decide(append, new PurchaseLogUnavailableException($"Kafka did not acknowledge the purchase within {_deadline.TotalSeconds} s."));
        }

        return late;
    }

    private void Reported(Append append, Error error)
    {
        _unreported--;
        if (append.IsOnlyInferred && !append.IsDecided)
        {
            Send(append);
        }
        else
        {
            Decide(append, error);
        }
    }

    private void Decide(Append append, Error error) => Decide(append, error.IsError
        ? new PurchaseLogUnavailableException($"Kafka did not acknowledge the purchase: {error.Reason}.", new KafkaException(error))
        : null);

    private void Decide(Append append, PurchaseLogUnavailableException? failure)
    {
        if (append.Decide(failure))
        {
            _acknowledgements.Add(append);
        }
    }

    internal static byte[] Serialize(Purchase purchase)
    {
        var value = t_value ??= new ArrayBufferWriter<byte>(512);
        value.ResetWrittenCount();
        PurchaseEvent.Write(value, purchase);
        return value.WrittenSpan.ToArray();
    }
}
