using System.Diagnostics;
using Confluent.Kafka;

namespace ShoppingSystem.Kafka;

/// <summary>The topic as the brokers describe it.</summary>
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

    /// <param name="topic">The metadata, without an error.</param>
    /// <param name="minInSync">The topic's <c>min.insync.replicas</c>.</param>
    /// <param name="askedAt">When the brokers were asked.</param>
    public static TopicState Of(TopicMetadata topic, int minInSync, long askedAt)
    {
        var leaderless = topic.Partitions.Count(partition => partition.Leader < 0);
        var starved = topic.Partitions.Where(partition => partition.InSyncReplicas.Length < minInSync).Select(partition => partition.PartitionId).ToList();
        return new TopicState(Error: null)
        {
            AskedAt = askedAt,
            Partitions = topic.Partitions.Count,
            Leaderless = leaderless,
            Starved = starved.Count,
            Obstacle = leaderless > 0 ? $"{leaderless} of {topic.Partitions.Count} partitions of {topic.Topic} have no leader"
                : starved.Count > 0 ? $"{starved.Count} of {topic.Partitions.Count} partitions of {topic.Topic} have fewer in-sync replicas than min.insync.replicas ({minInSync}): {string.Join(", ", starved)}"
                : null,
        };
    }
}
