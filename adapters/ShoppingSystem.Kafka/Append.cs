using System.Diagnostics;
using Confluent.Kafka;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>
/// An append on its way. Whoever waits for the task goes on inside <see cref="PassOn"/>, which therefore is for a thread of
/// the pool only. The other members are for the thread that sends.
/// </summary>
/// <param name="message">What goes to Kafka.</param>
/// <param name="reported">Called with Kafka's answer.</param>
internal sealed class Append(Message<string, byte[]> message, Action<Append, Error> reported) : TaskCompletionSource
{
    private readonly long _started = Stopwatch.GetTimestamp();
    private PurchaseLogUnavailableException? _failure;

    /// <summary>Null once it is sent: what waits for an answer need not be kept twice.</summary>
    public Message<string, byte[]>? Message { get; private set; } = message;

    public TimeSpan Age => Stopwatch.GetElapsedTime(_started);

    public bool IsDecided { get; private set; }

    /// <summary>Where the event is, once it is there.</summary>
    public Partition Partition { get; private set; }

    /// <summary>Where in the partition it is.</summary>
    public Offset Offset { get; private set; }

    public void SendBy(IProducer<string, byte[]> producer, string topic)
    {
        producer.Produce(topic, Message, Report);
        Message = null;
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
        (Partition, Offset) = (report.Partition, report.Offset);
        reported(this, report.Error);
    }
}
