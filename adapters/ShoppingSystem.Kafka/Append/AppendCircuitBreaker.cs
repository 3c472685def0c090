using System.Diagnostics;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace ShoppingSystem.Kafka;

/// <summary>
/// Why purchases are refused at once: while no broker answers, no append is tried, because each would wait for its deadline and hold its
/// resources until then. The probe asks for metadata; the first answer ends it.
/// </summary>
internal sealed partial class AppendCircuitBreaker(TopicObserver topic, AppendRefusals refusals, ILogger<AppendCircuitBreaker> logger) : IDisposable
{
    /// <summary>Why purchases are refused while there is an <see cref="Outage"/>, in words that a customer may read.</summary>
    public const string NoBroker = "no Kafka broker answers";

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _disposed = new();
    private volatile string? _outage;
    private bool _looking;

    /// <summary>Why no append can succeed at the moment; null when they are tried.</summary>
    public string? Outage => _outage;

    /// <summary>A broker has accepted an event.</summary>
    public void Succeeded(int partition)
    {
        refusals.Succeeded(partition);
        if (_outage is not null)
        {
            Close();
        }
    }

    /// <summary>An event whose append began at <paramref name="started"/> was not acknowledged before its deadline.</summary>
    /// <param name="started">As a timestamp of <see cref="Stopwatch"/>.</param>
    /// <param name="partition">Where it was to be appended.</param>
    /// <returns>Why, as far as it is known, in words that a customer may read, too.</returns>
    public string TimedOut(long started, Partition partition)
    {
        if (topic.Latest is { IsUnanswered: true } state)
        {
            Open(state, started);
            return NoBroker;
        }

        var reason = refusals.TimedOut(partition, topic.Latest?.Obstacle);
        _ = LookAgainAsync(started);
        return reason;
    }

    public void Dispose()
    {
        _disposed.Cancel();
        _disposed.Dispose();
    }

    // The brokers may have become unreachable since they were last asked.
    private async Task LookAgainAsync(long started)
    {
        if (Interlocked.Exchange(ref _looking, true))
        {
            return;
        }

        var state = await topic.LookAsync();
        Volatile.Write(ref _looking, false);
        if (state.IsUnanswered)
        {
            Open(state, started);
        }
    }

    // If an append has succeeded since this one started, brokers answer.
    private void Open(TopicState state, long started)
    {
        if (_disposed.IsCancellationRequested || refusals.SucceededAt > started || Interlocked.CompareExchange(ref _outage, state.Problem, null) is not null)
        {
            return;
        }

        refusals.Clear();
        LogOpened(state.Problem);
        _ = ProbeAsync(_disposed.Token);
        if (refusals.SucceededAt > started)
        {
            // An append has succeeded meanwhile.
            Close();
        }
    }

    private async Task ProbeAsync(CancellationToken disposed)
    {
        while (_outage is not null && !disposed.IsCancellationRequested)
        {
            if (await topic.LookAsync() is { IsUnanswered: false })
            {
                Close();
                return;
            }

            await Task.Delay(ProbeInterval, disposed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Close()
    {
        if (Interlocked.Exchange(ref _outage, null) is not null)
        {
            LogClosed();
        }
    }

    [LoggerMessage(LogLevel.Error, "No broker answers ({Reason}): purchases are refused at once until one does")]
    private partial void LogOpened(string? reason);

    [LoggerMessage(LogLevel.Information, "A broker answers: purchases are appended again")]
    private partial void LogClosed();
}
