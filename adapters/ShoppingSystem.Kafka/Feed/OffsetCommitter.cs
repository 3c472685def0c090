using System.Collections.Concurrent;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace ShoppingSystem.Kafka;

/// <summary>Commits the batches that the reader is done with. Works on the consumer's thread, except where it says otherwise.</summary>
internal sealed partial class OffsetCommitter(IConsumer<string, byte[]> consumer, string topic, FeedProblems problems, AutoResetEvent signal, ILogger logger)
{
    private readonly ConcurrentQueue<KafkaFeedBatch> _done = new();
    private readonly HashSet<KafkaFeedBatch> _inHand = [];
    private readonly Dictionary<AssignedPartition, long> _offsets = [];
    private readonly Backoff _backoff = new();
    private volatile bool _closed;

    /// <summary>How many batches the reader has.</summary>
    public int InHand
    {
        get
        {
            lock (_inHand)
            {
                return _inHand.Count;
            }
        }
    }

    /// <summary>Notes that the reader is given a batch. On the reader's thread.</summary>
    public void Expect(KafkaFeedBatch batch)
    {
        lock (_inHand)
        {
            _inHand.Add(batch);
        }
    }

    /// <summary>Has the batch committed; it is settled when that was done, or can't be any more. On the reader's thread.</summary>
    public void Commit(KafkaFeedBatch batch)
    {
        _done.Enqueue(batch);
        if (_closed)
        {
            batch.Settled.TrySetResult();
        }
        else
        {
            signal.Set();
        }
    }

    /// <summary>Whether anything of these partitions is still in the reader's hands, or to be committed.</summary>
    public bool Has(List<AssignedPartition> partitions)
    {
        if (partitions.Any(_offsets.ContainsKey))
        {
            return true;
        }

        lock (_inHand)
        {
            return _inHand.Any(batch => partitions.Any(batch.Ends.ContainsKey));
        }
    }

    /// <summary>Commits what the reader is done with.</summary>
    public void CommitDone()
    {
        if (_done.IsEmpty && (_offsets.Count == 0 || _backoff.IsOn))
        {
            return;
        }

        var done = new List<KafkaFeedBatch>();
        while (_done.TryDequeue(out var batch))
        {
            done.Add(batch);
            foreach (var (partition, end) in batch.Ends.Where(end => !end.Key.IsGone))
            {
                _offsets[partition] = end;
                partition.Done(end);
            }
        }

        if (_offsets.Count > 0)
        {
            TryCommit();
        }

        if (done.Count > 0)
        {
            lock (_inHand)
            {
                _inHand.ExceptWith(done);
            }
        }

        done.ForEach(batch => batch.Settled.TrySetResult());
    }

    /// <summary>Nothing of the partition is committed any more.</summary>
    public void Forget(AssignedPartition partition)
    {
        partition.IsGone = true;
        _offsets.Remove(partition);
        if (_offsets.Count == 0)
        {
            problems.Clear(FeedProblems.Action.Commit);
        }
    }

    /// <summary>Commits an offset that nothing was read up to.</summary>
    public void SetBack(AssignedPartition partition, long offset) => _offsets[partition] = offset;

    /// <summary>Nothing is committed any more: settles what comes later.</summary>
    public void Close()
    {
        _closed = true;
        while (_done.TryDequeue(out var batch))
        {
            batch.Settled.TrySetResult();
        }
    }

    // A commit that fails loses nothing, so nobody waits for it: it is repeated, or overtaken by the next one.
    private void TryCommit()
    {
        try
        {
            consumer.Commit(_offsets.Select(end => new TopicPartitionOffset(topic, end.Key.Number, end.Value)));
            foreach (var (partition, end) in _offsets)
            {
                partition.Committed = end;
            }

            _offsets.Clear();
            _backoff.Reset();
            problems.Clear(FeedProblems.Action.Commit);
        }
        catch (KafkaException e) when (!e.Error.IsFatal)
        {
            var error = FeedProblems.Unwrap(e);
            // While partitions change hands the group takes no commits, however long that takes: that is expected. Who was thrown
            // out of it loses its partitions in a moment.
            var isRebalance = error.Code is ErrorCode.RebalanceInProgress or ErrorCode.IllegalGeneration;
            if (!isRebalance && error.Code is not ErrorCode.UnknownMemberId)
            {
                problems.Note(FeedProblems.Action.Commit, error);
            }

            var level = isRebalance ? LogLevel.Debug : LogLevel.Warning;
            var delay = _backoff.Next();
            LogCommitFailed(level, error.Code, error.Reason, delay);
        }
    }

    [LoggerMessage("Committing failed: {Code} {Reason}; repeated in {Delay} or with the next batch")]
    private partial void LogCommitFailed(LogLevel level, ErrorCode code, string reason, TimeSpan delay);
}
