using System.Collections.Concurrent;
using System.Diagnostics;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ShoppingSystem.Kafka;

/// <summary>
/// The outcome of recent appends. While no broker answers, no append is tried (a circuit breaker, whose probe asks for metadata): each
/// would wait for its deadline and hold its resources until then. A refusal by the brokers is remembered until they accept events again.
/// </summary>
internal sealed partial class AppendState(TopicObserver topic, IOptions<KafkaOptions> options, ILogger<AppendState> logger) : IDisposable
{
    /// <summary>A refusal that no append has tested for this long may be over.</summary>
    private static readonly TimeSpan RefusalLifetime = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Why purchases are refused while there is an <see cref="Outage"/>, in words that a customer may read.</summary>
    public const string NoBroker = "no Kafka broker answers";

    // Stands for the topic as a whole, or for no partition in particular.
    private const int Topic = -1;

    private readonly ConcurrentDictionary<int, Refusal> _refusals = new();
    private readonly CancellationTokenSource _disposed = new();
    private readonly Lock _gate = new();
    private volatile string? _outage;
    private long _succeededAt;
    private bool _looking;

    /// <summary>Why no append can succeed at the moment; null when they are tried.</summary>
    public string? Outage => _outage;

    /// <summary>Whether this process appends.</summary>
    public bool IsUsed { get; set; }

    private string NoRight => $"this service has no right to write to the topic {options.Value.Topic} (ACL: Write)";

    /// <summary>The reason why appends were refused, unless something has shown that it is over; null when there is none.</summary>
    /// <param name="isTotal">Whether no append has succeeded since, and the refusal was recent.</param>
    public string? Problem(out bool isTotal)
    {
        isTotal = false;
        if (_refusals.Values.MaxBy(refusal => refusal.At) is not { } latest)
        {
            return null;
        }

        if (latest.At <= Volatile.Read(ref _succeededAt))
        {
            return $"some purchases are refused: {latest.Reason}";
        }

        isTotal = Stopwatch.GetElapsedTime(latest.At) < RefusalLifetime;
        return isTotal
            ? $"purchases are refused: {latest.Reason}"
            : $"the last purchase was refused, and none was tried since: {latest.Reason}";
    }

    /// <summary>Whether a purchase was accepted so recently that nothing else has to be checked.</summary>
    public bool HasSucceededLately => Volatile.Read(ref _succeededAt) is not 0 and var at && Stopwatch.GetElapsedTime(at) < RefusalLifetime;

    /// <summary>Notes what the brokers say about this service's rights, where no purchase has shown it.</summary>
    /// <returns>What is missing, in words that a customer may read, too; null when nothing is known to be missing.</returns>
    public string? Learn(TopicRights rights)
    {
        if (rights.MayWrite == true && _refusals.TryGetValue(Topic, out var refusal) && refusal.IsOfRights && refusal.At < rights.AskedAt)
        {
            _refusals.TryRemove(new(Topic, refusal));
        }

        return rights.MayWrite == false ? $"purchases are refused: {NoRight}" : null;
    }

    /// <summary>Notes what was seen of the topic: refusals whose cause is gone are forgotten.</summary>
    public void Learn(TopicState state)
    {
        if (state is not { Problem: null, Obstacle: null })
        {
            return;
        }

        foreach (var (partition, refusal) in _refusals)
        {
            if (refusal.IsOfReplicas && refusal.At < state.AskedAt)
            {
                _refusals.TryRemove(new(partition, refusal));
            }
        }
    }

    /// <summary>A broker has accepted an event.</summary>
    public void Succeeded(int partition)
    {
        Volatile.Write(ref _succeededAt, Stopwatch.GetTimestamp());
        // Without refusals TryRemove takes no lock; to ask first whether there are any would take one.
        _refusals.TryRemove(partition, out _);
        _refusals.TryRemove(Topic, out _);
        if (_outage is not null)
        {
            Close();
        }
    }

    /// <summary>A broker has refused an event.</summary>
    /// <returns>Why, in words that a customer may read, too.</returns>
    public string Refused(Error error, Partition partition)
    {
        var (reason, isOfTopic) = error.Code switch
        {
            ErrorCode.TopicAuthorizationFailed => (NoRight, true),
            ErrorCode.ClusterAuthorizationFailed => ("this service has no right to write idempotently (ACL: IdempotentWrite on the cluster)", true),
            ErrorCode.InvalidTimestamp =>
                ("the clock of this service is not the brokers': they refuse its timestamps (message.timestamp.after.max.ms, message.timestamp.before.max.ms)", true),
            ErrorCode.NotEnoughReplicas or ErrorCode.NotEnoughReplicasAfterAppend => ($"partition {partition.Value} has too few in-sync replicas (min.insync.replicas)", false),
            ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic => ($"the topic {options.Value.Topic} does not exist", true),
            ErrorCode.PolicyViolation or ErrorCode.InvalidRecord => ($"the brokers' rules for the topic {options.Value.Topic} forbid it: {error.Reason}", true),
            _ => (error.Reason, false),
        };
        _refusals[isOfTopic ? Topic : partition.Value] = new Refusal(reason) { IsOfRights = error.Code is ErrorCode.TopicAuthorizationFailed };
        return reason;
    }

    /// <summary>An event whose append began at <paramref name="started"/> was not acknowledged before its deadline.</summary>
    /// <returns>Why, as far as it is known, in words that a customer may read, too.</returns>
    public string TimedOut(long started, Partition partition)
    {
        if (topic.Latest is { IsUnanswered: true } state)
        {
            Open(state, started);
            return NoBroker;
        }

        var obstacle = topic.Latest?.Obstacle;
        var reason = obstacle ?? "brokers answer, but did not acknowledge it";
        _refusals[partition.Value] = new Refusal(reason) { IsOfReplicas = obstacle is not null };
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

    // If an append has succeeded since it started, brokers answer.
    private void Open(TopicState state, long started)
    {
        lock (_gate)
        {
            if (_outage is not null || _disposed.IsCancellationRequested || Volatile.Read(ref _succeededAt) > started)
            {
                return;
            }

            _outage = state.Problem;
        }

        _refusals.Clear();
        LogOpened(state.Problem);
        _ = ProbeAsync(_disposed.Token);
    }

    private async Task ProbeAsync(CancellationToken disposed)
    {
        while (_outage is not null && !disposed.IsCancellationRequested)
        {
            if ((await topic.LookAsync()) is { IsUnanswered: false })
            {
                Close();
                return;
            }

            await Task.Delay(ProbeInterval, disposed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Close()
    {
        lock (_gate)
        {
            if (_outage is null)
            {
                return;
            }

            _outage = null;
        }

        LogClosed();
    }

    [LoggerMessage(LogLevel.Error, "No broker answers ({Reason}): purchases are refused at once until one does")]
    private partial void LogOpened(string? reason);

    [LoggerMessage(LogLevel.Information, "A broker answers: purchases are appended again")]
    private partial void LogClosed();

    private sealed record Refusal(string Reason)
    {
        public long At { get; } = Stopwatch.GetTimestamp();

        /// <summary>Whether asking the brokers shows, without a purchase, that the refusal is over.</summary>
        public bool IsOfRights { get; init; }

        /// <summary>Whether the topic's metadata shows, without a purchase, that the refusal is over.</summary>
        public bool IsOfReplicas { get; init; }
    }
}
