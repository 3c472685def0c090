using System.Diagnostics;

namespace ShoppingSystem.Kafka;

/// <summary>How long the consumer's thread waits before it retries: 100 ms, doubled after each failure, up to 5 s.</summary>
/// <remarks>Not Polly, which would block; this thread has other work to do meanwhile.</remarks>
internal sealed class Backoff
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Last = TimeSpan.FromSeconds(5);

    private TimeSpan _delay;
    private long _since;

    public bool IsOn => _delay > TimeSpan.Zero && Stopwatch.GetElapsedTime(_since) < _delay;

    public TimeSpan Next()
    {
        _since = Stopwatch.GetTimestamp();
        var doubled = _delay == TimeSpan.Zero ? First : _delay * 2;
        return _delay = doubled < Last ? doubled : Last;
    }

    public void Reset() => _delay = TimeSpan.Zero;
}
