using System.Globalization;
using Microsoft.Extensions.Logging;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>Events that were deleted from the topic before they were read: logged, counted, and kept in <see cref="Total"/>.</summary>
internal sealed partial class DataLoss(KafkaOptions kafka, Signals signals, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Reached> _reached = [];
    private long _events;
    private volatile FeedLoss? _total;

    /// <summary>All losses since the process started; null when there was none.</summary>
    public FeedLoss? Total => _total;

    /// <summary>Notes how far a revoked partition was read, in case it is assigned again.</summary>
    public void Remember(int partition, long next, long end)
    {
        lock (_gate)
        {
            _reached[partition] = new Reached(next, end);
        }
    }

    /// <summary>What was last noted of a partition; null when nothing was.</summary>
    public Reached? Recall(int partition)
    {
        lock (_gate)
        {
            return _reached.GetValueOrDefault(partition);
        }
    }

    /// <summary>Retention or an operator deleted the events from <paramref name="first"/> to <paramref name="last"/>.</summary>
    public void Deleted(int partition, long first, long last)
    {
        LogDeleted(first, last, partition, kafka.ConsumerGroup);
        Note(partition, last - first + 1,
            $"the events {first} to {last} of partition {partition} of {kafka.Topic} were deleted before the group {kafka.ConsumerGroup} committed them");
    }

    /// <summary>The partition ended at <paramref name="former"/>, was read to <paramref name="next"/>, and now ends earlier.</summary>
    /// <remarks>What was appended after <paramref name="former"/> was seen is unknown, so the loss counts as one event at least.</remarks>
    public void JumpedBack(int partition, long next, long former, long end)
    {
        var lost = former > next ? $"the events {next} to {former - 1} are lost, and what was appended later" : "what was appended later is lost";
        LogJumpedBack(partition, former, end, kafka.ConsumerGroup, lost);
        Note(partition, Math.Max(1, former - next),
            $"the end of partition {partition} of {kafka.Topic} jumped back from {former} to {end}, so the topic was deleted and created again or brokers lost events: {lost}");
    }

    /// <summary>
    /// The group has committed <paramref name="committed"/>, and the partition ends before that. This process can't know which events were
    /// there, or whether a tool set the offset. The loss counts as one event.
    /// </summary>
    public void CommittedBeyond(int partition, long committed, long end)
    {
        LogCommittedBeyond(kafka.ConsumerGroup, committed, partition, end);
        Note(partition, 1,
            $"the group {kafka.ConsumerGroup} has committed {committed} in partition {partition} of {kafka.Topic}, which ends at {end}: unless a tool set that, the topic was deleted and created again or brokers lost events, and what was appended from {committed} on is lost");
    }

    private void Note(int partition, long events, string reason)
    {
        signals.FeedLost.Add(events, new KeyValuePair<string, object?>("messaging.destination.partition.id", partition.ToString(CultureInfo.InvariantCulture)));
        lock (_gate)
        {
            _events += events;
            _total = new FeedLoss(_events, $"purchases left the log before they were recorded ({_events} events at least), most recently: {reason}");
        }
    }

    [LoggerMessage(LogLevel.Error, "The events {First} to {Last} of partition {Partition} are gone: the topic's retention deleted them before the group {Group} committed them. What was not recorded of them is lost")]
    private partial void LogDeleted(long first, long last, int partition, string group);

    [LoggerMessage(LogLevel.Error, "The end of partition {Partition} jumped back from {Former} to {End}: the topic was deleted and created again, or the brokers lost events, and the group {Group} reads it from its start. Of what had been there before, {Lost}")]
    private partial void LogJumpedBack(int partition, long former, long end, string group, string lost);

    [LoggerMessage(LogLevel.Error, "The group {Group} has committed {Committed} in partition {Partition}, which ends at {End}, and reads it from its start. Unless a tool set that offset, the topic was deleted and created again or the brokers lost events, and what was appended from {Committed} on is lost")]
    private partial void LogCommittedBeyond(string group, long committed, int partition, long end);
}
