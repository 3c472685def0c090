using System.Diagnostics;

namespace ShoppingSystem.Kafka;

/// <summary>An answer of the brokers. All who ask within its lifetime, for the same, share one request.</summary>
internal sealed class SharedAnswer<T>(TimeSpan lifetime)
{
    private readonly Lock _gate = new();
    private Task<T>? _answer;
    private long _askedAt;

    public Task<T> GetAsync(Func<Task<T>> ask)
    {
        lock (_gate)
        {
            if (_answer is null || (_answer.IsCompleted && Stopwatch.GetElapsedTime(_askedAt) > lifetime))
            {
                _askedAt = Stopwatch.GetTimestamp();
                _answer = ask();
            }

            return _answer;
        }
    }
}
