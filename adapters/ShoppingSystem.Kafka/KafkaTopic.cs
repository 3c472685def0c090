using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ShoppingSystem.Kafka;

/// <summary>
/// The topic as the brokers describe it: it is created if it is missing, observed for the health check, and looked at from time to time to
/// see that the client has not lost the brokers. Uses the connections of an existing client, and never delays the
/// start of the host.
/// </summary>
internal sealed partial class KafkaTopic : IDisposable
{
    private const short BrokersDefaultReplication = -1;
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ObservationLifetime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RightsLifetime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(5);

    private readonly Func<IClient, IAdminClient> _administer;
    private readonly KafkaOptions _options;
    private readonly string _brokers;
    private readonly ILogger _logger;
    private readonly ClientErrors? _errors;
    private readonly CancellationTokenSource _disposed = new();
    private readonly Lazy<Task> _ensured;
    private readonly SharedAnswer<TopicState> _observation;
    private readonly SharedAnswer<TopicRights> _rights;
    private readonly Lock _inUse = new();
    private IClient? _client;
    private IAdminClient? _admin;
    private Task? _watch;
    private volatile TopicState? _latest;
    private int? _leastInSync;
    private string? _notCreated;

    public KafkaTopic(IOptions<KafkaOptions> options, ILogger<KafkaTopic> logger, IConfiguration configuration, ClientErrors errors)
        : this(options, logger, client => new DependentAdminClientBuilder(client.Handle).Build(), KafkaConnection.Brokers(configuration), errors)
    {
    }

    internal KafkaTopic(
        IOptions<KafkaOptions> options, ILogger<KafkaTopic> logger, Func<IClient, IAdminClient> administer, string brokers, ClientErrors? errors = null)
    {
        _errors = errors;
        _brokers = brokers;
        _administer = administer;
        _options = options.Value;
        _logger = logger;
        _observation = new(ObservationLifetime, LookAsync);
        _rights = new(RightsLifetime, LookUpRightsAsync);
        _ensured = new Lazy<Task>(() => Task.Run(() => EnsureAsync(_disposed.Token)));
    }

    public string Name => _options.Topic;

    /// <summary>The latest state, some seconds old at most; null before the first request.</summary>
    public TopicState? Latest => _latest;

    /// <summary>Completes when the topic exists or this process won't create it. Never fails; waits while no broker answers.</summary>
    public Task Ensured => _ensured.Value;

    /// <summary>Sends requests through <paramref name="client"/> from now on, unless another client can be used.</summary>
    public void Attach(IClient client)
    {
        lock (_inUse)
        {
            if (_client is null)
            {
                _client = client;
                _admin = _administer(client);
                _watch ??= WatchAsync(_disposed.Token);
            }
        }
    }

    /// <summary>Must be called before <paramref name="client"/> is closed.</summary>
    public void Detach(IClient client)
    {
        lock (_inUse)
        {
            if (_client == client)
            {
                _admin!.Dispose();
                (_client, _admin) = (null, null);
            }
        }
    }

    /// <summary>The state of the topic, at most two seconds old. Concurrent callers share one request to the brokers.</summary>
    public Task<TopicState> ObserveAsync() => _observation.GetAsync();

    /// <summary>What this client may do with the topic, at most ten seconds old.</summary>
    public Task<TopicRights> AskRightsAsync() => _rights.GetAsync();

    public void Dispose()
    {
        _disposed.Cancel();
        if (_client is { } client)
        {
            Detach(client);
        }

        _disposed.Dispose();
    }

    /// <summary>Asks the brokers now.</summary>
    public async Task<TopicState> LookAsync()
    {
        var askedAt = Stopwatch.GetTimestamp();
        try
        {
            _latest = await DescribeAsync() is { } topic ? await StateOfAsync(topic) with { AskedAt = askedAt }
                : new TopicState(new Error(ErrorCode.UnknownTopicOrPart, $"the topic {Name} does not exist"));
        }
        catch (KafkaException e)
        {
            _latest = new TopicState(new Error(e.Error.Code, ReasonOf(e.Error)));
        }

        return _latest;
    }

    private async Task<TopicState> StateOfAsync(TopicMetadata topic)
    {
        var leaderless = topic.Partitions.Count(partition => partition.Leader < 0);
        var least = topic.Partitions.Exists(partition => partition.InSyncReplicas.Length < partition.Replicas.Length) ? await LeastInSyncAsync() : 1;
        var starved = topic.Partitions.Where(partition => partition.InSyncReplicas.Length < least).Select(partition => partition.PartitionId).ToList();
        return new TopicState(null)
        {
            Partitions = topic.Partitions.Count,
            Leaderless = leaderless,
            Starved = starved.Count,
            Obstacle = leaderless > 0 ? $"{leaderless} of {topic.Partitions.Count} partitions of {Name} have no leader"
                : starved.Count > 0 ? $"{starved.Count} of {topic.Partitions.Count} partitions of {Name} have fewer in-sync replicas than min.insync.replicas ({least}): {string.Join(", ", starved)}"
                : null,
        };
    }

    private async Task<TopicRights> LookUpRightsAsync()
    {
        var askedAt = Stopwatch.GetTimestamp();
        try
        {
            var described = await AskAsync(admin => admin.DescribeTopicsAsync(
                TopicCollection.OfTopicNames([Name]), new DescribeTopicsOptions { RequestTimeout = RequestTimeout, IncludeAuthorizedOperations = true })
                .GetAwaiter().GetResult());
            return new TopicRights(askedAt, described.TopicDescriptions[0].AuthorizedOperations?.Contains(AclOperation.Write));
        }
        catch (Exception e) when (e is KafkaException or NotImplementedException)
        {
            // NotImplementedException: the client is not Confluent's own.
            return new TopicRights(askedAt, MayWrite: null);
        }
    }

    // Requested only when a replica is not in sync, and not again once it is known. Without the right to read it, 1 is assumed:
    // then only partitions without any in-sync replica are reported.
    private async Task<int> LeastInSyncAsync()
    {
        const string Setting = "min.insync.replicas";
        try
        {
            return _leastInSync ??= await AskAsync(admin =>
            {
                var described = admin.DescribeConfigsAsync(
                    [new ConfigResource { Type = ResourceType.Topic, Name = Name }], new DescribeConfigsOptions { RequestTimeout = RequestTimeout }).GetAwaiter().GetResult();
                return int.Parse(described[0].Entries[Setting].Value, CultureInfo.InvariantCulture);
            });
        }
        catch (KafkaException)
        {
            return 1;
        }
    }

    // A broker that has just started may answer that there are no brokers. The client believes it, forgets the brokers that it
    // knew, and sends no more requests (librdkafka's issue 5301). Given the first brokers again, it finds the others; a client
    // that has not forgotten ignores it.
    private async Task WatchAsync(CancellationToken disposed)
    {
        var created = Task.CompletedTask;
        while (true)
        {
            await Task.Delay(WatchInterval, disposed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (disposed.IsCancellationRequested)
            {
                return;
            }

            var state = await ObserveAsync();
            if (state.IsUnanswered)
            {
                lock (_inUse)
                {
                    _admin?.AddBrokers(_brokers);
                }
            }
            else if (state.IsMissing && Ensured.IsCompleted && created.IsCompleted)
            {
                // The topic was deleted. Not awaited: if the brokers go away meanwhile, the client must be able to find them again.
                created = EnsureAsync(disposed);
            }
        }
    }

    private async Task EnsureAsync(CancellationToken disposed)
    {
        for (var retry = FirstRetry; !disposed.IsCancellationRequested; retry = TimeSpan.FromTicks(Math.Min(retry.Ticks * 2, LastRetry.Ticks)))
        {
            var isMissing = false;
            try
            {
                if (await DescribeAsync() is not { } topic)
                {
                    isMissing = true;
                    if (await CreateAsync())
                    {
                        LogCreated(Name, _options.Partitions);
                    }
                }
                else if (topic.Partitions.Count < _options.Partitions)
                {
                    LogFewerPartitions(Name, topic.Partitions.Count, _options.Partitions);
                }

                return;
            }
            catch (KafkaException e) when (!IsPassing(e.Error))
            {
                if ((isMissing ? e.Error.Reason : ReasonOf(e.Error)) is var reason && reason != _notCreated)
                {
                    _notCreated = reason;
                    if (isMissing)
                    {
                        LogNotCreated(Name, _options.Partitions, reason);
                    }
                    else
                    {
                        LogNotFound(Name, reason);
                    }
                }

                return;
            }
            catch (KafkaException e)
            {
                if (_errors?.IsDue($"{nameof(LogNotYet)} {e.Error.Code}") ?? true)
                {
                    LogNotYet(Name, ReasonOf(e.Error));
                }

                await Task.Delay(retry, disposed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    // When no broker answers, the client's answer to a request gives only a general reason; its errors give the actual one.
    private string ReasonOf(Error error) => error.Code is ErrorCode.TopicAuthorizationFailed ? $"this service has no right to see the topic {Name} (ACL: Describe)"
        : error.IsLocalError && _errors?.Reason is { } reason ? reason
        : error.Reason;

    // Any broker can answer this, whereas the asynchronous request for the same data asks the controller only.
    private Task<TopicMetadata?> DescribeAsync() => AskAsync(admin =>
    {
        var topic = admin.GetMetadata(Name, RequestTimeout).Topics[0];
        _errors?.Forget();
        return topic.Error.Code switch
        {
            ErrorCode.NoError => topic,
            ErrorCode.UnknownTopicOrPart => null,
            _ => throw new KafkaException(topic.Error),
        };
    });

    private Task<bool> CreateAsync() => AskAsync(admin =>
    {
        var specification = new TopicSpecification { Name = Name, NumPartitions = _options.Partitions, ReplicationFactor = BrokersDefaultReplication };
        try
        {
            // The broker itself takes time until all brokers know the topic; it is worth waiting for its answer.
            admin.CreateTopicsAsync([specification], new CreateTopicsOptions { RequestTimeout = 2 * RequestTimeout, OperationTimeout = RequestTimeout })
                .GetAwaiter().GetResult();
            return true;
        }
        catch (CreateTopicsException e) when (e.Results[0].Error is { Code: var code } error)
        {
            // Another instance that starts may have been faster.
            return code is ErrorCode.TopicAlreadyExists ? false : throw new KafkaException(error);
        }
    });

    // Blocks until the brokers answer, so it runs on a thread of its own; meanwhile the client can't be detached and closed.
    private Task<T> AskAsync<T>(Func<IAdminClient, T> ask) => Task.Factory.StartNew(
        () =>
        {
            lock (_inUse)
            {
                return ask(_admin ?? throw new KafkaException(new Error(ErrorCode.Local_State, "no client is connected")));
            }
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    // Errors that mean "not now" rather than "no".
    private static bool IsPassing(Error error) => error.Code is
        ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_Resolve or ErrorCode.Local_TimedOut
        or ErrorCode.Local_TimedOutQueue or ErrorCode.Local_State or ErrorCode.Local_WaitCoord or ErrorCode.Local_Authentication or ErrorCode.RequestTimedOut
        or ErrorCode.NotController or ErrorCode.BrokerNotAvailable or ErrorCode.NetworkException or ErrorCode.LeaderNotAvailable
        // There are fewer brokers than replicas of a partition: not all brokers have started yet.
        or ErrorCode.InvalidReplicationFactor;

    [LoggerMessage(LogLevel.Information, "Created the topic {Topic} with {Partitions} partitions")]
    private partial void LogCreated(string topic, int partitions);

    [LoggerMessage(LogLevel.Warning, "The topic {Topic} has {Actual} partitions, {Configured} are configured (Shopping:Partitions); the topic is not changed")]
    private partial void LogFewerPartitions(string topic, int actual, int configured);

    [LoggerMessage(LogLevel.Warning, "The topic {Topic} does not exist and can't be created from here: {Reason}. Create it with {Partitions} partitions; until then nothing can be appended")]
    private partial void LogNotCreated(string topic, int partitions, string reason);

    [LoggerMessage(LogLevel.Warning, "The topic {Topic} can't be looked up: {Reason}")]
    private partial void LogNotFound(string topic, string reason);

    [LoggerMessage(LogLevel.Warning, "The topic {Topic} can't be looked up or created yet, and is tried again: {Reason}")]
    private partial void LogNotYet(string topic, string reason);

    /// <summary>An answer of the brokers. All who ask within its lifetime share one request.</summary>
    private sealed class SharedAnswer<T>(TimeSpan lifetime, Func<Task<T>> ask)
    {
        private readonly Lock _gate = new();
        private Task<T>? _answer;
        private long _askedAt;

        public Task<T> GetAsync()
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
}

/// <param name="AskedAt">When the brokers were asked, as a timestamp of <see cref="Stopwatch"/>.</param>
/// <param name="MayWrite">Null when the brokers don't say: before Kafka 2.3, and while the controller is away.</param>
internal sealed record TopicRights(long AskedAt, bool? MayWrite);

/// <param name="Error">Why there is no answer; null when there is.</param>
internal sealed record TopicState(Error? Error)
{
    /// <summary>When the brokers were asked, as a timestamp of <see cref="Stopwatch"/>, or a little before.</summary>
    public long AskedAt { get; init; }

    /// <summary>The error in words.</summary>
    public string? Problem => Error?.Reason;

    /// <summary>True when no broker could be reached.</summary>
    public bool IsUnanswered => Error is { IsLocalError: true };

    /// <summary>True when the brokers don't know the topic.</summary>
    public bool IsMissing => Error is { Code: ErrorCode.UnknownTopicOrPart };

    /// <summary>How many partitions the topic has.</summary>
    public int Partitions { get; init; }

    /// <summary>How many partitions can neither be appended to nor read from at the moment.</summary>
    public int Leaderless { get; init; }

    /// <summary>How many partitions can't be appended to because too few replicas are in sync.</summary>
    public int Starved { get; init; }

    /// <summary>Why appends fail, in some partitions or in all; null when nothing prevents them.</summary>
    public string? Obstacle { get; init; }
}
