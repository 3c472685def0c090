using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Options;

namespace ShoppingSystem.Kafka;

/// <summary>Asks the brokers for the topic's metadata, and for its <c>min.insync.replicas</c> where that matters.</summary>
internal sealed class TopicObserver(KafkaAdmin admin, IOptions<KafkaOptions> options, ClientErrors errors)
{
    private const string MinInSyncReplicas = "min.insync.replicas";

    private readonly string _name = options.Value.Topic;
    private readonly SharedAnswer<TopicState> _shared = new(lifetime: TimeSpan.FromSeconds(2));
    private volatile TopicState? _latest;
    private int? _minInSync;

    /// <summary>The latest state, some seconds old at most while <see cref="TopicWatch"/> runs; null before the first request.</summary>
    public TopicState? Latest => _latest;

    /// <summary>The state of the topic, at most two seconds old. Concurrent callers share one request to the brokers.</summary>
    public Task<TopicState> ObserveAsync() => _shared.GetAsync(LookAsync);

    /// <summary>Asks the brokers now.</summary>
    public async Task<TopicState> LookAsync()
    {
        var askedAt = Stopwatch.GetTimestamp();
        try
        {
            _latest = await DescribeAsync() is { } topic ? TopicState.Of(topic, await MinInSyncAsync(topic), askedAt)
                : new TopicState(new Error(ErrorCode.UnknownTopicOrPart, $"the topic {_name} does not exist"));
        }
        catch (KafkaException e)
        {
            _latest = new TopicState(e.Error);
        }

        return _latest;
    }

    /// <summary>The topic's metadata; null when there is no such topic.</summary>
    /// <exception cref="KafkaException">No broker answers, or this service may not see the topic; the reason is for an operator.</exception>
    public async Task<TopicMetadata?> DescribeAsync()
    {
        try
        {
            // Any broker can answer this, whereas the asynchronous request for the same data asks the controller only.
            var topic = await admin.AskAsync(client => client.GetMetadata(_name, KafkaAdmin.RequestTimeout).Topics[0]);
            errors.Forget();
            return topic.Error.Code switch
            {
                ErrorCode.NoError => topic,
                ErrorCode.UnknownTopicOrPart => null,
                _ => throw new KafkaException(topic.Error),
            };
        }
        catch (KafkaException e)
        {
            throw new KafkaException(new Error(e.Error.Code, e.Error.Code is ErrorCode.TopicAuthorizationFailed
                ? $"this service has no right to see the topic {_name} (ACL: Describe)"
                : errors.ReasonOf(e.Error)));
        }
    }

    // Requested only when a replica is not in sync, and not again once it is known. Without the right to read it, 1 is assumed:
    // then only partitions without any in-sync replica are reported.
    private async Task<int> MinInSyncAsync(TopicMetadata topic)
    {
        if (topic.Partitions.TrueForAll(partition => partition.InSyncReplicas.Length >= partition.Replicas.Length))
        {
            return 1;
        }

        try
        {
            return _minInSync ??= await admin.AskAsync(client =>
            {
                var described = client.DescribeConfigsAsync(
                    [new ConfigResource { Type = ResourceType.Topic, Name = _name }], new DescribeConfigsOptions { RequestTimeout = KafkaAdmin.RequestTimeout }).GetAwaiter().GetResult();
                return int.Parse(described[0].Entries[MinInSyncReplicas].Value, CultureInfo.InvariantCulture);
            });
        }
        catch (KafkaException)
        {
            return 1;
        }
    }
}
