using System.Text;
using Confluent.Kafka;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>
/// Where purchases are that were acknowledged but not recorded. One that is not in the log was acknowledged without having
/// been written; one that the group has committed past was skipped, or is a dead letter; any other is just late.
/// </summary>
internal static class Whereabouts
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Reads the whole log to find out. A few lines for people to read.</summary>
    public static string Describe(Brokers brokers, IReadOnlyCollection<Guid> missing)
    {
        // Looks at the group's offsets without joining it.
        using var consumer = new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig
        {
            BootstrapServers = brokers.BootstrapServers,
            GroupId = brokers.Group,
            EnableAutoCommit = false,
            EnablePartitionEof = true,
        }).SetLogHandler((_, _) => { }).Build();
        try
        {
            var partitions = Enumerable.Range(0, brokers.Partitions).Select(i => new TopicPartition(brokers.Topic, i)).ToList();
            consumer.Assign(partitions.Select(partition => new TopicPartitionOffset(partition, Offset.Beginning)));
            var places = Find(consumer, brokers.Partitions, missing.ToHashSet());
            var committed = consumer.Committed(partitions, Timeout).ToDictionary(at => at.Partition.Value, at => at.Offset);

            var text = new StringBuilder();
            foreach (var id in missing)
            {
                text.AppendLine($"{id}: {(places[id].Any() ? string.Join(", ", places[id].Select(at => Place(at, committed))) : "not in the log")}");
            }

            return text.AppendJoin('\n', partitions.Select(partition =>
            {
                var log = consumer.GetWatermarkOffsets(partition);
                return $"partition {partition.Partition.Value}: {log.Low} to {log.High}, committed {committed[partition.Partition]}";
            })).ToString();
        }
        catch (KafkaException e)
        {
            return $"The log can't be looked at: {e.Error.Reason}";
        }
        finally
        {
            consumer.Close();
        }
    }

    private static ILookup<Guid, FeedEvent> Find(IConsumer<Ignore, byte[]> consumer, int partitions, HashSet<Guid> ids)
    {
        var found = new List<(Guid Id, FeedEvent Event)>();
        for (var ends = 0; ends < partitions && consumer.Consume(Timeout) is { } result;)
        {
            if (result.IsPartitionEOF)
            {
                ends++;
                continue;
            }

            var read = new FeedEvent(result.Topic, result.Partition, result.Offset, result.Message.Timestamp.UtcDateTime, result.Message.Value);
            if (PurchaseEvent.TryRead(read, out var purchase, out _) && ids.Contains(purchase.Id))
            {
                found.Add((purchase.Id, read));
            }
        }

        return found.ToLookup(one => one.Id, one => one.Event);
    }

    private static string Place(FeedEvent at, Dictionary<int, Offset> committed) =>
        $"partition {at.Partition} offset {at.Offset}, {(committed[at.Partition].Value > at.Offset ? "committed" : "not committed")}";
}
