using System.Diagnostics;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace ShoppingSystem.Kafka;

/// <summary>
/// The partitions of this reader, where it starts to read them, and how far it has read each. Used on the consumer's thread only.
/// </summary>
internal sealed partial class Assignment(
    IConsumer<string, byte[]> consumer, KafkaOptions kafka, FeedBuffer buffer, OffsetCommitter committer, FeedProblems problems, DataLoss loss,
    AutoResetEvent signal, ILogger logger, CancellationToken stopping)
{
    private static readonly TimeSpan CommittedTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StartsTimeout = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RefetchAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WaitInterval = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<int, AssignedPartition> _partitions = [];

    /// <summary>The partitions, in no order.</summary>
    public IReadOnlyCollection<AssignedPartition> Partitions => _partitions.Values;

    /// <summary>Changes each time that partitions are assigned or revoked.</summary>
    public int Version { get; private set; }

    public AssignedPartition? Find(int number) => _partitions.GetValueOrDefault(number);

    /// <summary>These partitions are assigned to this reader from now on; returns the offset that each is read from.</summary>
    public IEnumerable<TopicPartitionOffset> Assigned(IReadOnlyList<TopicPartition> partitions)
    {
        if (ResolveStarts(partitions) is not { } starts)
        {
            // They are given back in a moment, and nothing is read until then.
            return partitions.Select(partition => new TopicPartitionOffset(partition, Offset.Unset));
        }

        foreach (var start in starts)
        {
            _partitions[start.Partition] = new AssignedPartition(
                start.Partition, start.Offset == Offset.Beginning ? null : start.Offset, consumer.GetWatermarkOffsets(start.TopicPartition).High, loss.Recall(start.Partition));
        }

        Version++;
        problems.Clear(FeedProblems.Action.Join);
        LogAssigned(partitions.Count, _partitions.Count);
        return starts;
    }

    /// <summary>These go to another reader when this method returns; until then they can be committed.</summary>
    public void Revoked(IReadOnlyList<TopicPartitionOffset> partitions)
    {
        var leaving = Withdraw(partitions);
        var started = Stopwatch.GetTimestamp();
        committer.CommitDone();
        while (committer.Has(leaving) && !stopping.IsCancellationRequested && Stopwatch.GetElapsedTime(started) < kafka.HandoverTime)
        {
            signal.WaitOne(WaitInterval);
            committer.CommitDone();
        }

        Forget(leaving);
        LogRevoked(partitions.Count, _partitions.Count);
    }

    /// <summary>These belong to another reader already; they can't be committed any more.</summary>
    public void Lost(IReadOnlyList<TopicPartitionOffset> partitions)
    {
        Forget(Withdraw(partitions));
        LogLost(partitions.Count, _partitions.Count);
    }

    /// <summary>Notes how far a partition is read, and reports events that were deleted before they were read.</summary>
    /// <returns>
    /// The partition that <paramref name="result"/> belongs to; null when it isn't assigned to this reader, or when the client hands out its latest
    /// event once more.
    /// </returns>
    public AssignedPartition? Advance(ConsumeResult<string, byte[]> result)
    {
        if (Find(result.Partition) is not { } partition)
        {
            return null;
        }

        if (partition.FailedAt > 0 || !problems.IsEmpty)
        {
            partition.FailedAt = 0;
            problems.Clear(FeedProblems.Action.Fetch, partition.Number);
            problems.Clear(FeedProblems.Action.Join);
        }

        if (partition.IsLatest(result))
        {
            return null;
        }

        if (result.Offset < partition.Next)
        {
            partition = StartOver(partition, result.Offset);
        }
        else if (!partition.IsFetched && partition is { StartIsCommitted: false, Former: { } former } && WatermarksOf(partition).High.Value is var end and >= 0 && end < former.End)
        {
            // When a topic is deleted, the brokers forget its committed offsets.
            loss.JumpedBack(partition.Number, former.Next, former.End, end);
        }
        else if (result.Offset > partition.Next && WatermarksOf(partition).Low.Value is var first && first > partition.Next)
        {
            // The client goes on with the first event that still exists and reports nothing. Other gaps mean nothing: transaction markers
            // take offsets, too.
            loss.Deleted(partition.Number, partition.Next, first - 1);
        }

        partition.IsFetched = true;
        partition.Next = result.Offset;
        if (!result.IsPartitionEOF)
        {
            partition.Latest = result;
            partition.Next++;
        }

        return partition;
    }

    /// <summary>
    /// Fetches failed partitions again. The client reports the end of a partition once, so a partition without new events would count as
    /// failed for ever; after a new fetch the client reports its end again.
    /// </summary>
    public void RefetchFailed()
    {
        foreach (var partition in _partitions.Values.Where(partition => partition is { FailedAt: > 0, IsPaused: false }))
        {
            if (Stopwatch.GetElapsedTime(partition.FailedAt) >= RefetchAfter)
            {
                partition.FailedAt = Stopwatch.GetTimestamp();
                SetPaused([partition], true);
                SetPaused([partition], false);
            }
        }
    }

    /// <summary>Pauses or resumes fetching.</summary>
    public void SetPaused(bool paused)
    {
        // Resume only what was paused: if any other partition is resumed, the client fetches it from its start again.
        List<AssignedPartition>? changing = null;
        foreach (var partition in _partitions.Values)
        {
            if (partition.IsPaused != paused)
            {
                (changing ??= []).Add(partition);
            }
        }

        if (changing is not null)
        {
            SetPaused(changing, paused);
            LogPaused(paused, changing.Count);
        }
    }

    // The partition ended before the next expected offset: it was deleted and created again, brokers lost their ends, or a tool
    // changed the committed offset. The earlier offsets have no meaning any more, so they are not committed, and the committed
    // offset is set back: otherwise a reader that starts when the partition has grown again would begin in the middle of it.
    private AssignedPartition StartOver(AssignedPartition partition, long start)
    {
        var end = Math.Max(start, WatermarksOf(partition).High.Value);
        if (partition.IsFetched || partition.Former is not null)
        {
            loss.JumpedBack(partition.Number, partition.Next, Math.Max(partition.Next, partition.End), end);
        }
        else
        {
            loss.CommittedBeyond(partition.Number, partition.Next, end);
        }

        var again = new AssignedPartition(partition.Number, start, partition.FormerWatermark, former: null) { IsPaused = partition.IsPaused };
        committer.SetBack(again, start);
        committer.Forget(partition);
        return _partitions[partition.Number] = again;
    }

    private List<AssignedPartition> Withdraw(IReadOnlyList<TopicPartitionOffset> partitions)
    {
        var leaving = new List<AssignedPartition>(partitions.Count);
        foreach (var partition in partitions)
        {
            if (_partitions.Remove(partition.Partition, out var assigned))
            {
                leaving.Add(assigned);
            }
        }

        buffer.Withdraw(leaving);
        // Otherwise the client would still have it paused if the partition is assigned again.
        SetPaused([.. leaving.Where(partition => partition.IsPaused)], false);
        return leaving;
    }

    private void Forget(List<AssignedPartition> leaving)
    {
        foreach (var partition in leaving)
        {
            committer.Forget(partition);
            loss.Remember(partition.Number, Math.Max(partition.Committed, partition.HandedOut), partition.End);
            problems.Clear(FeedProblems.Action.Fetch, partition.Number);
        }

        Version++;
    }

    private void SetPaused(List<AssignedPartition> partitions, bool paused)
    {
        if (paused)
        {
            consumer.Pause(partitions.Select(Place));
        }
        else
        {
            consumer.Resume(partitions.Select(Place));
        }

        partitions.ForEach(partition => partition.IsPaused = paused);
    }

    // The client could look them up itself, but it does not retry when that fails, and the partitions would stay unread. Null when this
    // reader stops: a client that leaves its group answers no such question before the timeout, and leaving would fail with it.
    private List<TopicPartitionOffset>? ResolveStarts(IReadOnlyList<TopicPartition> partitions)
    {
        var started = Stopwatch.GetTimestamp();
        var backoff = new Backoff();
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var committed = consumer.Committed(partitions, CommittedTimeout);
                problems.Clear(FeedProblems.Action.ResolveStart);
                return [.. committed.Select(start => start.Offset == Offset.Unset
                    ? new TopicPartitionOffset(start.TopicPartition, Offset.Beginning)
                    : new TopicPartitionOffset(start.TopicPartition, start.Offset))];
            }
            catch (KafkaException e) when (!e.Error.IsFatal && Stopwatch.GetElapsedTime(started) < StartsTimeout)
            {
                var error = FeedProblems.Unwrap(e);
                problems.Note(FeedProblems.Action.ResolveStart, error);
                problems.Report();
                LogStartsUnknown(partitions.Count, error.Code, error.Reason, backoff.Next());
                while (backoff.IsOn && !stopping.IsCancellationRequested)
                {
                    committer.CommitDone();
                    signal.WaitOne(WaitInterval);
                }
            }
        }

        return null;
    }

    private WatermarkOffsets WatermarksOf(AssignedPartition partition) => consumer.GetWatermarkOffsets(Place(partition));

    private TopicPartition Place(AssignedPartition partition) => new(kafka.Topic, partition.Number);

    [LoggerMessage(LogLevel.Information, "{Count} partitions were assigned, {Held} are held now")]
    private partial void LogAssigned(int count, int held);

    [LoggerMessage(LogLevel.Information, "{Count} partitions were handed over, {Held} are held now")]
    private partial void LogRevoked(int count, int held);

    [LoggerMessage(LogLevel.Warning, "{Count} partitions were lost, {Held} are held now; what was read from them and is not committed is delivered again to their new readers")]
    private partial void LogLost(int count, int held);

    [LoggerMessage(LogLevel.Information, "Nothing has been taken from the feed for a while: fetching {Count} partitions paused: {Paused}")]
    private partial void LogPaused(bool paused, int count);

    [LoggerMessage(LogLevel.Debug, "The committed offsets of {Count} partitions can't be read: {Code} {Reason}; next attempt in {Delay}")]
    private partial void LogStartsUnknown(int count, ErrorCode code, string reason, TimeSpan delay);
}
