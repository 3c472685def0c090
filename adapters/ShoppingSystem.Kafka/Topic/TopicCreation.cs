using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ShoppingSystem.Kafka;

/// <summary>Creates the topic if it is missing, as soon as the brokers answer.</summary>
internal sealed partial class TopicCreation(
    KafkaAdmin admin, TopicObserver observer, IOptions<KafkaOptions> options, ClientErrors errors, ILogger<TopicCreation> logger)
{
    private const short BrokersDefaultReplication = -1;
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(5);

    private readonly string _name = options.Value.Topic;
    private readonly int _partitions = options.Value.Partitions;
    private string? _notCreated;

    /// <summary>Completes when the topic exists or this process won't create it. Never fails; waits while no broker answers.</summary>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        for (var retry = FirstRetry; !cancellationToken.IsCancellationRequested; retry = TimeSpan.FromTicks(Math.Min(retry.Ticks * 2, LastRetry.Ticks)))
        {
            var isMissing = false;
            try
            {
                if (await observer.DescribeAsync() is not { } topic)
                {
                    isMissing = true;
                    if (await CreateAsync())
                    {
                        LogCreated(_name, _partitions);
                    }
                }
                else if (topic.Partitions.Count < _partitions)
                {
                    LogFewerPartitions(_name, topic.Partitions.Count, _partitions);
                }

                return;
            }
            catch (KafkaException e) when (IsPassing(e.Error))
            {
                if (errors.IsDue($"{nameof(LogNotYet)} {e.Error.Code}"))
                {
                    LogNotYet(_name, errors.ReasonOf(e.Error));
                }

                await Task.Delay(retry, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (KafkaException e)
            {
                if (e.Error.Reason != _notCreated)
                {
                    _notCreated = e.Error.Reason;
                    if (isMissing)
                    {
                        LogNotCreated(_name, _partitions, e.Error.Reason);
                    }
                    else
                    {
                        LogNotFound(_name, e.Error.Reason);
                    }
                }

                return;
            }
        }
    }

    /// <summary>False when it was there: another instance that starts may have been faster.</summary>
    private Task<bool> CreateAsync() => admin.AskAsync(client =>
    {
        var specification = new TopicSpecification { Name = _name, NumPartitions = _partitions, ReplicationFactor = BrokersDefaultReplication };
        try
        {
            // The broker itself takes time until all brokers know the topic; it is worth waiting for its answer.
            client.CreateTopicsAsync([specification], new CreateTopicsOptions { RequestTimeout = 2 * KafkaAdmin.RequestTimeout, OperationTimeout = KafkaAdmin.RequestTimeout })
                .GetAwaiter().GetResult();
            return true;
        }
        catch (CreateTopicsException e) when (e.Results[0].Error is { } error)
        {
            return error.Code is ErrorCode.TopicAlreadyExists ? false : throw new KafkaException(error);
        }
    });

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
}
