using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Options;

namespace ShoppingSystem.Kafka;

/// <summary>Asks the brokers which operations they authorize this service to do with the topic (ACLs).</summary>
internal sealed class AuthorizedOperations(KafkaAdmin admin, IOptions<KafkaOptions> options)
{
    private readonly string _topic = options.Value.Topic;
    private readonly SharedAnswer<TopicRights> _shared = new(lifetime: TimeSpan.FromSeconds(10));

    /// <summary>What this service may do with the topic, at most ten seconds old.</summary>
    public Task<TopicRights> ObserveAsync() => _shared.GetAsync(LookAsync);

    private async Task<TopicRights> LookAsync()
    {
        var askedAt = Stopwatch.GetTimestamp();
        try
        {
            var described = await admin.AskAsync(client => client.DescribeTopicsAsync(
                TopicCollection.OfTopicNames([_topic]), new DescribeTopicsOptions { RequestTimeout = KafkaAdmin.RequestTimeout, IncludeAuthorizedOperations = true })
                .GetAwaiter().GetResult());
            return new TopicRights(askedAt, described.TopicDescriptions[0].AuthorizedOperations?.Contains(AclOperation.Write));
        }
        catch (Exception e) when (e is KafkaException or NotImplementedException)
        {
            // NotImplementedException: the client is not Confluent's own.
            return new TopicRights(askedAt, MayWrite: null);
        }
    }
}

/// <param name="AskedAt">When the brokers were asked, as a timestamp of <see cref="Stopwatch"/>.</param>
/// <param name="MayWrite">Null when the brokers don't say: before Kafka 2.3, and while the controller is away.</param>
internal sealed record TopicRights(long AskedAt, bool? MayWrite);
