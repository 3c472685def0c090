using System.Collections.Concurrent;
using System.Diagnostics;
using Confluent.Kafka;
using Microsoft.Extensions.Options;

namespace ShoppingSystem.Kafka;

/// <summary>
/// Why readiness says that purchases are refused: a refusal by the brokers is remembered until they accept events again, or have shown
/// otherwise that its cause is gone.
/// </summary>
internal sealed class AppendRefusals(IOptions<KafkaOptions> options)
{
    /// <summary>A refusal that no append has tested for this long may be over.</summary>
    private static readonly TimeSpan RefusalLifetime = TimeSpan.FromMinutes(1);

    // Stands for the topic as a whole, or for no partition in particular.
    private const int WholeTopic = -1;

    private readonly ConcurrentDictionary<int, Refusal> _refusals = new();
    private readonly string _topic = options.Value.Topic;
    private long _succeededAt;

    /// <summary>Whether this process appends.</summary>
    public bool IsUsed { get; set; }

    /// <summary>When a broker last accepted an event, as a timestamp of <see cref="Stopwatch"/>; 0 when none has.</summary>
    public long SucceededAt => Volatile.Read(ref _succeededAt);

    /// <summary>Whether a purchase was accepted so recently that nothing else has to be checked.</summary>
    public bool HasSucceededLately => SucceededAt is not 0 and var at && Stopwatch.GetElapsedTime(at) < RefusalLifetime;

    private string NoRight => $"this service has no right to write to the topic {_topic} (ACL: Write)";

    /// <summary>The reason why appends were refused, unless something has shown that it is over; null when there is none.</summary>
    /// <param name="isTotal">Whether no append has succeeded since, and the refusal was recent.</param>
    public string? Problem(out bool isTotal)
    {
        isTotal = false;
        if (_refusals.Values.MaxBy(refusal => refusal.At) is not { } latest)
        {
            return null;
        }

        if (latest.At <= SucceededAt)
        {
            return $"some purchases are refused: {latest.Reason}";
        }

        isTotal = Stopwatch.GetElapsedTime(latest.At) < RefusalLifetime;
        return isTotal
            ? $"purchases are refused: {latest.Reason}"
            : $"the last purchase was refused, and none was tried since: {latest.Reason}";
    }

    /// <summary>A broker has accepted an event.</summary>
    public void Succeeded(int partition)
    {
        Volatile.Write(ref _succeededAt, Stopwatch.GetTimestamp());
        // Without refusals TryRemove takes no lock; to ask first whether there are any would take one.
        _refusals.TryRemove(partition, out _);
        _refusals.TryRemove(WholeTopic, out _);
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
            ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic => ($"the topic {_topic} does not exist", true),
            ErrorCode.PolicyViolation or ErrorCode.InvalidRecord => ($"the brokers' rules for the topic {_topic} forbid it: {error.Reason}", true),
            _ => (error.Reason, false),
        };
        _refusals[isOfTopic ? WholeTopic : partition.Value] = new Refusal(reason) { IsOfRights = error.Code is ErrorCode.TopicAuthorizationFailed };
        return reason;
    }

    /// <summary>An event was not acknowledged before its deadline, though, as far as is known, brokers answer.</summary>
    /// <param name="partition">Where it was to be appended.</param>
    /// <param name="obstacle">What prevents appends to the topic; null when nothing is known.</param>
    /// <returns>Why, in words that a customer may read, too.</returns>
    public string TimedOut(Partition partition, string? obstacle)
    {
        var reason = obstacle ?? "brokers answer, but did not acknowledge it";
        _refusals[partition.Value] = new Refusal(reason) { IsOfReplicas = obstacle is not null };
        return reason;
    }

    /// <summary>Notes what the brokers say about this service's rights, where no purchase has shown it.</summary>
    /// <returns>What is missing, in words that a customer may read, too; null when nothing is known to be missing.</returns>
    public string? Learn(TopicRights rights)
    {
        if (rights.MayWrite == true)
        {
            Forget(refusal => refusal.IsOfRights && refusal.At < rights.AskedAt);
        }

        return rights.MayWrite == false ? $"purchases are refused: {NoRight}" : null;
    }

    /// <summary>Notes what was seen of the topic: refusals whose cause is gone are forgotten.</summary>
    public void Learn(TopicState state)
    {
        if (state is { Problem: null, Obstacle: null })
        {
            Forget(refusal => refusal.IsOfReplicas && refusal.At < state.AskedAt);
        }
    }

    /// <summary>No broker answers: what they refused before says nothing any more.</summary>
    public void Clear() => _refusals.Clear();

    // A refusal that comes meanwhile stays.
    private void Forget(Predicate<Refusal> isOver)
    {
        foreach (var entry in _refusals)
        {
            if (isOver(entry.Value))
            {
                _refusals.TryRemove(entry);
            }
        }
    }

    private sealed record Refusal(string Reason)
    {
        public long At { get; } = Stopwatch.GetTimestamp();

        /// <summary>Whether asking the brokers shows, without a purchase, that the refusal is over.</summary>
        public bool IsOfRights { get; init; }

        /// <summary>Whether the topic's metadata shows, without a purchase, that the refusal is over.</summary>
        public bool IsOfReplicas { get; init; }
    }
}
