using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace ShoppingSystem.Kafka;

/// <summary>
/// Why the topic can't be read at the moment. The client reports an error once and then retries silently, so an error stays
/// until the action that failed has succeeded. Written by the consumer's thread, read by all threads.
/// </summary>
internal sealed partial class FeedProblems(KafkaOptions kafka, TimeProvider time, ILogger logger)
{
    /// <summary>An error that may pass by itself, such as a moved leader, counts as a problem only after it has lasted this long.</summary>
    private static readonly TimeSpan Passing = TimeSpan.FromSeconds(5);

    /// <summary>Two readers with the same name fence each other in turn: a reader that is in the group may soon be fenced again.</summary>
    private static readonly TimeSpan FencedFor = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan RepeatAfter = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<Subject, Problem> _problems = [];
    private volatile bool _isEmpty = true;
    private (Action, ErrorCode)? _reported;
    private long _reportedAt;

    /// <summary>What can fail.</summary>
    public enum Action
    {
        /// <summary>The reading as a whole, which has ended.</summary>
        Read,

        /// <summary>To become a member of the group.</summary>
        Join,

        /// <summary>To find the topic.</summary>
        FindTopic,

        /// <summary>To find the offsets that the partitions are to be read from.</summary>
        ResolveStart,

        /// <summary>To fetch a partition.</summary>
        Fetch,

        /// <summary>To commit.</summary>
        Commit,
    }

    /// <summary>False when there may be something to clear. Cheap, because it is checked for every event.</summary>
    public bool IsEmpty => _isEmpty;

    /// <summary>The reason why reading doesn't work, for an operator; null when it works.</summary>
    public string? Current => Worst is var (action, error) ? Describe(action, error) : null;

    private (Action Action, Error Error)? Worst
    {
        get
        {
            if (_isEmpty)
            {
                return null;
            }

            lock (_gate)
            {
                foreach (var (subject, problem) in _problems.OrderBy(entry => entry.Key.Action).ThenBy(entry => entry.Key.Partition))
                {
                    if (IsDecided(subject, problem.Error) || time.GetElapsedTime(problem.Since) >= Passing)
                    {
                        return (subject.Action, problem.Error);
                    }
                }
            }

            return null;
        }
    }

    public void Note(Action action, Error error, int partition = -1)
    {
        lock (_gate)
        {
            var subject = new Subject(action, partition);
            var now = time.GetTimestamp();
            var since = _problems.TryGetValue(subject, out var known) ? known.Since : now;
            _problems[subject] = new Problem(error, since, now);
            _isEmpty = false;
        }
    }

    /// <summary>The action has succeeded.</summary>
    public void Clear(Action action, int partition = -1)
    {
        if (_isEmpty)
        {
            return;
        }

        lock (_gate)
        {
            var subject = new Subject(action, partition);
            if (_problems.TryGetValue(subject, out var problem)
                && (problem.Error.Code is not ErrorCode.FencedInstanceId || time.GetElapsedTime(problem.NotedAt) >= FencedFor))
            {
                _problems.Remove(subject);
                _isEmpty = _problems.Count == 0;
            }
        }
    }

    /// <summary>The reading has ended: the next reading will find other errors again itself.</summary>
    public void ClearAllButRead()
    {
        lock (_gate)
        {
            foreach (var subject in _problems.Keys.Where(subject => subject.Action is not Action.Read).ToList())
            {
                _problems.Remove(subject);
            }

            _isEmpty = _problems.Count == 0;
        }
    }

    /// <summary>
    /// Logs the problem if there is one, and again once a minute while it lasts, in however many partitions. Called often, by the
    /// consumer's thread.
    /// </summary>
    public void Report()
    {
        var worst = Worst;
        var kind = worst is var (action, error) ? (action, error.Code) : ((Action, ErrorCode)?)null;
        if (worst is var (failed, reason))
        {
            if (kind != _reported || time.GetElapsedTime(_reportedAt) >= RepeatAfter)
            {
                _reportedAt = time.GetTimestamp();
                LogProblem(Describe(failed, reason));
            }
        }
        else if (_reported is not null)
        {
            LogSolved(kafka.Topic);
        }

        _reported = kind;
    }

    /// <summary>What an error means, for an operator.</summary>
    public string Describe(Action action, Error error) => error.Code switch
    {
        ErrorCode.TopicAuthorizationFailed => $"the topic {kafka.Topic} may not be read: the right Read on the topic is missing",
        ErrorCode.GroupAuthorizationFailed => $"the group {kafka.ConsumerGroup} may not be used: the right Read on the group is missing",
        ErrorCode.FencedInstanceId => $"another recorder has joined the group {kafka.ConsumerGroup} with the same instance id: "
            + (kafka.StaticMembership
                ? "with Shopping:StaticMembership every recorder needs a host name of its own"
                : "every recorder needs a Kafka:GroupInstanceId of its own"),
        ErrorCode.UnknownTopicOrPart => $"the topic {kafka.Topic} does not exist",
        _ => action switch
        {
            Action.Commit => $"what is recorded can't be committed for the group {kafka.ConsumerGroup}: {error.Reason}",
            Action.Join => $"the group {kafka.ConsumerGroup} can't be joined: {error.Reason}",
            Action.ResolveStart => $"the committed offsets of the group {kafka.ConsumerGroup} can't be read: {error.Reason}",
            _ => $"the topic {kafka.Topic} can't be read: {error.Reason}",
        },
    };

    /// <summary>The underlying error, where the client only says that some of several operations failed.</summary>
    public static Error Unwrap(KafkaException e) => e is TopicPartitionOffsetException { Results: var results }
        ? results.FirstOrDefault(result => result.Error.IsError)?.Error ?? e.Error
        : e.Error;

    private static bool IsDecided(Subject subject, Error error) => subject.Action is Action.Read || error.Code is
        ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed or ErrorCode.FencedInstanceId;

    private readonly record struct Subject(Action Action, int Partition);

    private readonly record struct Problem(Error Error, long Since, long NotedAt);

    [LoggerMessage(LogLevel.Error, "The feed is held up: {Reason}. It resumes by itself once that is solved")]
    private partial void LogProblem(string reason);

    [LoggerMessage(LogLevel.Information, "The feed of the topic {Topic} is read again")]
    private partial void LogSolved(string topic);
}
