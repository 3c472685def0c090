using Microsoft.Extensions.Logging;

namespace ShoppingSystem.Storefront;

/// <summary>
/// Logs why purchases are not acknowledged, at most once a second: while the purchase log is unavailable, every purchase fails.
/// </summary>
internal sealed partial class RefusalLog(TimeProvider time, ILogger<Checkout> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private long? _saidAt;
    private int _unsaid;

    /// <summary>A purchase was not acknowledged, for this reason.</summary>
    public void Note(string reason)
    {
        int unsaid;
        lock (_gate)
        {
            if (_saidAt is { } saidAt && time.GetElapsedTime(saidAt) < Interval)
            {
                _unsaid++;
                return;
            }

            (_saidAt, unsaid, _unsaid) = (time.GetTimestamp(), _unsaid, 0);
        }

        LogNotAcknowledged(logger, reason, unsaid);
    }

    [LoggerMessage(LogLevel.Warning, "A purchase was not acknowledged: {Reason} (and {Others} others since this was last said)")]
    private static partial void LogNotAcknowledged(ILogger logger, string reason, int others);
}
