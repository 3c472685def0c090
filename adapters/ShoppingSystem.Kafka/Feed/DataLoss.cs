using System.Globalization;
using Microsoft.Extensions.Logging;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>Tells which events went from the topic before they were read: logged, counted, and kept for whoever asks.</summary>
internal sealed partial class DataLoss(KafkaOptions kafka, ILogger logger)
{
    private long _events;
    private volatile FeedLoss? _total;

    /// <summary>All of it since the process started; null when there was none.</summary>
    public FeedLoss? Total => _total;

    /// <summary>Retention, or somebody, deleted the events from <paramref name="first"/> to <paramref name="last"/>.</summary>
    public void Deleted(int partition, long first, long last)
    {
        LogDeleted(first, last, partition, kafka.ConsumerGroup);
        Note(partition, last - first + 1, $"the events {first} to {last} of partition {partition} of {kafka.Topic} were deleted before they were recorded");
    }

    /// <summary>The partition ended at <paramref name="former"/>, was read up to <paramref name="next"/>, and has an earlier end now.</summary>
    /// <remarks>What was appended after the end was last heard of is not known. So it counts for one event at least.</remarks>
    public void JumpedBack(int partition, long next, long former, long end)
    {
        var range = former > next ? $"the events {next} to {former - 1} are lost, and" : "lost is";
        LogJumpedBack(partition, former, end, kafka.ConsumerGroup, range);
        Note(partition, Math.Max(1, former - next),
            $"the end of partition {partition} of {kafka.Topic} jumped back from {former} to {end}, so the topic was deleted and created again or brokers lost events: {range} what was appended later");
    }

    private void Note(int partition, long events, string reason)
    {
        Signals.FeedLost.Add(events, new KeyValuePair<string, object?>("messaging.destination.partition.id", partition.ToString(CultureInfo.InvariantCulture)));
        _events += events;
        _total = new FeedLoss(_events, $"purchases were lost, {_events} of them at least, at last: {reason}");
    }

    [LoggerMessage(LogLevel.Error, "The events {First} to {Last} of partition {Partition} are gone: the topic's retention deleted them before the group {Group} committed them. What was not recorded of them is lost")]
    private partial void LogDeleted(long first, long last, int partition, string group);

    [LoggerMessage(LogLevel.Error, "The end of partition {Partition} jumped back from {Former} to {End}: the topic was deleted and created again, or the brokers lost events, and the group {Group} reads it from its start. Of what had been there before, {Range} what was appended later")]
    private partial void LogJumpedBack(int partition, long former, long end, string group, string range);
}
