using System.Collections.Concurrent;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace ShoppingSystem.Kafka;

/// <summary>
/// Commits the batches that the reader has finished. Used on the consumer's thread, except where noted. While a group of the classic protocol
/// rebalances, its coordinator answers a commit only when all members have joined again, because it answers a connection's requests one after the
/// other. A commit that takes that long goes on in the background, and the partitions that stay are read meanwhile.
/// </summary>
internal sealed partial class OffsetCommitter(IConsumer<string, byte[]> consumer, string topic, FeedProblems problems, AutoResetEvent signal, ILogger logger)
{
    /// <summary>How long reading waits for a commit; then it goes on.</summary>
    private static readonly TimeSpan CommitTimeout = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentQueue<KafkaFeedBatch> _done = new();
    private readonly HashSet<KafkaFeedBatch> _inHand = [];
    private readonly Dictionary<AssignedPartition, long> _offsets = [];
    private readonly Backoff _backoff = new();
    private (Task Task, Dictionary<AssignedPartition, long> Offsets)? _running;
    private bool _isLeaving;
    private volatile bool _closed;

    /// <summary>How many batches the reader holds.</summary>
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

    /// <summary>Notes that the reader gets a batch. Called on the reader's thread.</summary>
    public void Expect(KafkaFeedBatch batch)
    {
        lock (_inHand)
        {
            _inHand.Add(batch);
        }
    }

    /// <summary>Requests a commit; the batch is settled when it is committed or can't be any more. Called on the reader's thread.</summary>
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

    /// <summary>Whether the reader still holds events of these partitions, or some of their offsets are still to be committed.</summary>
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

    /// <summary>Commits what the reader has finished.</summary>
    public void CommitDone()
    {
        if (_running is { Task.IsCompleted: true })
        {
            Finish();
        }

        if (_done.IsEmpty && (_offsets.Count == 0 || _backoff.IsOn || _running is not null))
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

        if (_offsets.Count > 0 && _running is null)
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

    /// <summary>No offset of this partition is committed any more.</summary>
    public void Forget(AssignedPartition partition)
    {
        partition.IsGone = true;
        _offsets.Remove(partition);
        if (_offsets.Count == 0)
        {
            problems.Clear(FeedProblems.Action.Commit);
        }
    }

    /// <summary>Commits an offset although the partition was not read up to it.</summary>
    public void SetBack(AssignedPartition partition, long offset) => _offsets[partition] = offset;

    /// <summary>From now on each commit is waited for, however long it takes: the consumer must not be closed while one is running.</summary>
    public void Leave()
    {
        _isLeaving = true;
        if (_running is { Task: var commit })
        {
            Task.WaitAny([commit]);
        }
    }

    /// <summary>Nothing is committed any more; batches that are finished later are settled at once.</summary>
    public void Close()
    {
        _closed = true;
        while (_done.TryDequeue(out var batch))
        {
            batch.Settled.TrySetResult();
        }
    }

    // A failed commit loses nothing, so nothing waits for it: it is repeated, or the next commit replaces it.
    private void TryCommit()
    {
        var offsets = new Dictionary<AssignedPartition, long>(_offsets);
        var places = offsets.Select(end => new TopicPartitionOffset(topic, end.Key.Number, end.Value)).ToList();
        var commit = Task.Run(() =>
        {
            try
            {
                consumer.Commit(places);
            }
            finally
            {
                signal.Set();
            }
        });
        _running = (commit, offsets);
        if (Task.WaitAny([commit], _isLeaving ? Timeout.InfiniteTimeSpan : CommitTimeout) == 0)
        {
            Finish();
        }
    }

    // The running commit has ended.
    private void Finish()
    {
        var (commit, offsets) = _running!.Value;
        try
        {
            commit.GetAwaiter().GetResult();
            foreach (var (partition, end) in offsets)
            {
                partition.Committed = end;
                if (_offsets.TryGetValue(partition, out var latest) && latest == end)
                {
                    _offsets.Remove(partition);
                }
            }

            _backoff.Reset();
            problems.Clear(FeedProblems.Action.Commit);
        }
        catch (KafkaException e) when (!e.Error.IsFatal)
        {
            var error = FeedProblems.Unwrap(e);
            // During a rebalance the group accepts no commits, however long it takes: that is expected. A member that was removed from
            // the group loses its partitions in a moment.
            var isRebalance = error.Code is ErrorCode.RebalanceInProgress or ErrorCode.IllegalGeneration or ErrorCode.StaleMemberEpoch;
            if (!isRebalance && error.Code is not (ErrorCode.UnknownMemberId or ErrorCode.FencedMemberEpoch))
            {
                problems.Note(FeedProblems.Action.Commit, error);
            }

            var level = isRebalance ? LogLevel.Debug : LogLevel.Warning;
            var delay = _backoff.Next();
            LogCommitFailed(level, error.Code, error.Reason, delay);
        }
        finally
        {
            _running = null;
        }
    }

    [LoggerMessage("Committing failed: {Code} {Reason}; repeated in {Delay} or with the next batch")]
    private partial void LogCommitFailed(LogLevel level, ErrorCode code, string reason, TimeSpan delay);
}
