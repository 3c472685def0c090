namespace ShoppingSystem.Kafka;

/// <summary>
/// Whether somebody hears of the producer's errors. A producer takes its handler from its builder only, which the log never
/// sees.
/// </summary>
internal sealed class ProducerErrors
{
    public bool AreHandled { get; set; }
}
