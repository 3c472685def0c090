namespace ShoppingSystem.Purchases;

/// <summary>Time as the system keeps it: UTC, in whole microseconds since 1970-01-01T00:00:00Z.</summary>
public static class Microseconds
{
    /// <summary>Microseconds since 1970-01-01T00:00:00Z; finer parts are cut off.</summary>
    public static long ToUnixMicroseconds(this DateTimeOffset time) =>
        (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>The time <paramref name="microseconds"/> after 1970-01-01T00:00:00Z.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is outside the years 1 to 9999.</exception>
    public static DateTimeOffset FromUnixMicroseconds(long microseconds) =>
        DateTimeOffset.UnixEpoch.Add(TimeSpan.FromMicroseconds(microseconds));

    /// <summary>The same time in UTC, cut off to whole microseconds.</summary>
    public static DateTimeOffset ToWholeMicroseconds(this DateTimeOffset time) =>
        new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
}
