using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>How far the reader is behind in each of its partitions. Measured on the consumer's thread, read by all threads.</summary>
internal sealed partial class LagMeter(IConsumer<string, byte[]> consumer, string topic, ILogger logger)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    private readonly Backoff _backoff = new();
    private volatile IReadOnlyList<PartitionLag> _lag = [];

    /// <summary>The last measurement, without partitions whose lag is unknown.</summary>
    public IReadOnlyList<PartitionLag> Lag => _lag;

    /// <summary>Drops the measurements of partitions that are no longer assigned.</summary>
    public void Keep(Assignment assignment) => _lag = [.. _lag.Where(lag => assignment.Find(lag.Partition) is not null)];

    public void Measure(Assignment assignment)
    {
        if (_backoff.IsOn)
        {
            return;
        }

        try
        {
            var measured = new List<PartitionLag>(assignment.Partitions.Count);
            foreach (var partition in assignment.Partitions.OrderBy(partition => partition.Number))
            {
                if (LagOf(partition) is { } behind)
                {
                    measured.Add(new PartitionLag(partition.Number, behind, behind > 0 ? partition.OldestAt : null));
                }
            }

            _lag = measured;
            _backoff.Reset();
        }
        catch (KafkaException e) when (!e.Error.IsFatal)
        {
            LogLagUnknown(e.Error.Code, e.Error.Reason, _backoff.Next());
        }
    }

    // A fetch also returns the end of the partition, long before its events when many events of other partitions are to be read
    // first. Until then the client knows either nothing or the end from an earlier assignment. While fetching is paused, the end
    // has to be requested; during a fetch such a request would have to wait for the fetch.
    private long? LagOf(AssignedPartition partition)
    {
        if (partition.FailedAt > 0)
        {
            return null;
        }

        var place = new TopicPartition(topic, partition.Number);
        var watermarks = partition.IsPaused ? consumer.QueryWatermarkOffsets(place, Timeout) : consumer.GetWatermarkOffsets(place);
        // A fetch that was refused returns neither events nor an end.
        if (watermarks.High < 0)
        {
            return null;
        }

        partition.End = Math.Max(partition.End, watermarks.High);
        var behind = Math.Max(0, watermarks.High - Math.Max(partition.Committed, watermarks.Low));
        return partition.IsPaused || partition.IsFetched || (watermarks.High != partition.FormerWatermark && behind > 0) ? behind : null;
    }

    [LoggerMessage(LogLevel.Debug, "The lag is unknown: {Code} {Reason}; next attempt in {Delay}")]
    private partial void LogLagUnknown(ErrorCode code, string reason, TimeSpan delay);
}
