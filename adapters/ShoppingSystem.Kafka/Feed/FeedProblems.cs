using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace ShoppingSystem.Kafka;

/// <summary>
/// What keeps the topic from being read at the moment. The client tells an error once and then goes on trying without a
/// word, so an error stands until what it has kept from happening happens. Written by the thread of the consumer, read by all.
/// </summary>
internal sealed partial class FeedProblems(KafkaOptions kafka, TimeProvider time, ILogger logger)
{
    /// <summary>Errors that may pass by themselves, a moved leader for one, are no problem before they have stood this long.</summary>
    private static readonly TimeSpan Passing = TimeSpan.FromSeconds(5);

    /// <summary>Two readers of one name throw each other out by turns: whoever is in the group may be out again soon.</summary>
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
        /// <summary>The whole reading, which has ended.</summary>
        Read,

        /// <summary>To become a member of the group.</summary>
        Join,

        /// <summary>To find the topic.</summary>
        FindTopic,

        /// <summary>To find out where the partitions are to be read from.</summary>
        ResolveStart,

        /// <summary>To fetch a partition.</summary>
        Fetch,

        /// <summary>To commit.</summary>
        Commit,
    }

    /// <summary>False when there is nothing to clear. Cheap: asked for every event.</summary>
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

    /// <summary>It has worked.</summary>
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

    /// <summary>The reading has ended: what it has come across is the next one's to find out.</summary>
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
    /// Logs the problem when there is one, and once a minute for as long as it lasts, in however many partitions. To be called
    /// often, by the thread of the consumer.
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

    /// <summary>The error itself, where the client says that some of many things failed.</summary>
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
