namespace ShoppingSystem.Tests.Support;

/// <summary>Stands still at 2024-01-19T11:20:00.123456Z, the moment of the examples, until it is set.</summary>
internal sealed class ManualClock : TimeProvider
{
    public DateTimeOffset Now { get; set; } = new(2024, 1, 19, 11, 20, 0, 123, 456, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => Now.UtcTicks;
}
