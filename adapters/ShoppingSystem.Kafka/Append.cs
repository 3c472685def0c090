using System.Diagnostics;
using Confluent.Kafka;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>
/// An append on its way. Whoever waits for the task goes on inside <see cref="PassOn"/>, which therefore is for a thread of
/// the pool only. The other members are for the thread that sends.
/// </summary>
/// <param name="purchase">What is bought.</param>
/// <param name="value">The event.</param>
/// <param name="headers">What goes with it.</param>
/// <param name="reported">Called with Kafka's answer.</param>
internal sealed class Append(Purchase purchase, byte[] value, Headers headers, Action<Append, Error> reported) : TaskCompletionSource
{
    private readonly long _started = Stopwatch.GetTimestamp();
    private byte[]? _value = value;
    private PurchaseLogUnavailableException? _failure;

    public TimeSpan Age => Stopwatch.GetElapsedTime(_started);

    public bool IsDecided { get; private set; }

    /// <summary>Where the event is, once it is there.</summary>
    public Partition Partition { get; private set; }

    /// <summary>Where in the partition it is.</summary>
    public Offset Offset { get; private set; }

    /// <summary>
    /// True when the client reports success, but only infers it: the broker took what came after this in the partition, so it
    /// must have taken this before. That does not hold where the broker had nothing of this producer in the partition yet:
    /// then it lets a gap pass.
    /// </summary>
    public bool IsOnlyInferred { get; private set; }

    /// <param name="producer">Sends it.</param>
    /// <param name="topic">Where to.</param>
    /// <param name="message">What carries it; free again when this returns, because the client copies it.</param>
    public void SendBy(IProducer<string, byte[]> producer, TopicPartition topic, Message<string, byte[]> message)
    {
        (message.Key, message.Value, message.Headers) = (purchase.UserId, _value ?? KafkaPurchaseLog.Serialize(purchase), headers);
        producer.Produce(topic, message, Report);
        // What waits for an answer need not be kept twice.
        _value = null;
    }

    /// <returns>False when it was decided before.</returns>
    public bool Decide(PurchaseLogUnavailableException? failure)
    {
        if (IsDecided)
        {
            return false;
        }

        (_failure, IsDecided) = (failure, true);
        return true;
    }

    public void PassOn()
    {
        if (_failure is null)
        {
            SetResult();
        }
        else
        {
            SetException(_failure);
        }
    }

    private void Report(DeliveryReport<string, byte[]> report)
    {
        (Partition, Offset, IsOnlyInferred) = (report.Partition, report.Offset, !report.Error.IsError && report.Offset.IsSpecial);
        reported(this, report.Error);
    }
}
