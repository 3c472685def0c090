using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Threading.Channels;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>
/// One thread that does everything with the consumer, for one reading: it polls, commits, follows rebalances and leaves.
/// Events go to the reader through a channel that holds one batch; batches come back to be committed. While the reader takes
/// nothing (the store is down), the thread goes on polling with its partitions paused, so that the group does not take it
/// for dead.
/// </summary>
internal sealed partial class FeedPump(
    IConsumer<string, byte[]> consumer, KafkaTopic topic, FeedProblems problems, DataLoss loss, KafkaOptions kafka, PurchaseLogOptions log,
    ILogger logger)
    : IRebalanceListener, IAsyncDisposable
{
    private static readonly TimeSpan IdlePoll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PollBeforeCommit = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan PauseAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LagTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RefetchAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CommittedTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StartsTimeout = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LastBackoff = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Nudge _nudge = new();
    private readonly ConcurrentQueue<KafkaFeedBatch> _done = new();
    private readonly Channel<Arrival> _arrived = Channel.CreateBounded<Arrival>(
        new BoundedChannelOptions(log.BatchSize) { SingleReader = true, SingleWriter = true });

    // Shared with the reader.
    private readonly Lock _handingOut = new();
    private readonly HashSet<KafkaFeedBatch> _inHand = [];
    private volatile IReadOnlyList<PartitionLag> _lag = [];
    private volatile bool _closed;

    // The thread's own.
    private readonly Dictionary<int, Holding> _holdings = [];
    private readonly Dictionary<Holding, long> _toCommit = [];
    private readonly Queue<Arrival> _waiting = new();
    private readonly Backoff _commitBackoff = new();
    private readonly Backoff _lagBackoff = new();
    private long _waitingSince;
    private long _lookedAt;
    private TopicState? _topic;

    public IReadOnlyList<PartitionLag> Lag => _lag;

    public void Start() => new Thread(Run) { Name = "purchase feed", IsBackground = true }.Start();

    /// <summary>The next batch: whatever has arrived, at least one event.</summary>
    public async ValueTask<KafkaFeedBatch> TakeAsync(CancellationToken cancellationToken)
    {
        while (await _arrived.Reader.WaitToReadAsync(cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (HandOut() is { } batch)
            {
                return batch;
            }
        }

        throw new ObjectDisposedException(nameof(IPurchaseFeed));
    }

    /// <summary>Has the batch committed; it is settled when that was done, or can't be any more.</summary>
    public void Commit(KafkaFeedBatch batch)
    {
        _done.Enqueue(batch);
        _nudge.Set();
        if (_closed)
        {
            batch.Settled.TrySetResult();
        }
    }

    /// <summary>Leaves the group. What is not committed by now is handed out to others.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _nudge.Set();
        try
        {
            await _ended.Task.WaitAsync(CloseTimeout);
            _stopping.Dispose();
        }
        catch (TimeoutException)
        {
            // The group finds out by itself, after the session timeout. The consumer is left to its thread.
            LogLeftWithoutGoodbye(kafka.ConsumerGroup, CloseTimeout);
        }
    }

    public IEnumerable<TopicPartitionOffset> Assigned(IReadOnlyList<TopicPartition> partitions)
    {
        var starts = FindStarts(partitions);
        foreach (var start in starts)
        {
            _holdings[start.Partition] = new Holding(
                start.Partition, start.Offset == Offset.Beginning ? null : start.Offset, consumer.GetWatermarkOffsets(start.TopicPartition).High, loss.Recall(start.Partition));
        }

        _lookedAt = 0;
        problems.Clear(FeedProblems.Action.Join);
        LogAssigned(partitions.Count, _holdings.Count);
        return starts;
    }

    public void Revoked(IReadOnlyList<TopicPartitionOffset> partitions)
    {
        var leaving = Leave(partitions);
        var started = Stopwatch.GetTimestamp();
        CommitWhatIsDone();
        while ((IsInHand(leaving) || leaving.Any(_toCommit.ContainsKey)) && !_stopping.IsCancellationRequested && Stopwatch.GetElapsedTime(started) < kafka.HandoverTime)
        {
            _nudge.WaitOne(IdlePoll);
            CommitWhatIsDone();
        }

        Forget(leaving);
        LogRevoked(partitions.Count, _holdings.Count);
    }

    public void Lost(IReadOnlyList<TopicPartitionOffset> partitions)
    {
        Forget(Leave(partitions));
        LogLost(partitions.Count, _holdings.Count);
    }

    private void Run()
    {
        Exception? failure = null;
        try
        {
            topic.Attach(consumer);
            while (!topic.Ensured.Wait(TimeSpan.Zero, _stopping.Token))
            {
                // The client tells of its errors, and why it doesn't connect, only to whoever polls.
                Poll(IdlePoll);
            }

            consumer.Subscribe(topic.Name);
            while (!_stopping.IsCancellationRequested)
            {
                CommitWhatIsDone();
                LookAfter();
                PassOn();
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            // Fatal by the client's own account, or a defect: the reader is told, and may read on with another consumer.
            failure = Explain(e);
        }

        Close();
        problems.ClearAllButRead();
        _arrived.Writer.TryComplete(failure);
        _ended.SetResult();
    }

    private Exception Explain(Exception failure)
    {
        var ofClient = failure as KafkaException ?? failure.InnerException as KafkaException;
        var error = ofClient is null ? new Error(ErrorCode.Local_Fail, failure.Message) : FeedProblems.Unwrap(ofClient);
        problems.Note(FeedProblems.Action.Read, error);
        problems.Report();
        return ofClient is null ? failure : new PurchaseFeedUnavailableException(problems.Describe(FeedProblems.Action.Read, error), failure);
    }

    private void PassOn()
    {
        while (_waiting.TryPeek(out var next) && (next.Holding.Leaving || _arrived.Writer.TryWrite(next)))
        {
            _waiting.Dequeue();
        }

        if (_waiting.Count == 0)
        {
            SetPaused(false);
            Poll(_inHand.Count > 0 ? PollBeforeCommit : IdlePoll);
        }
        else if (Stopwatch.GetElapsedTime(_waitingSince) < PauseAfter)
        {
            _nudge.WaitOne(IdlePoll);
        }
        else
        {
            SetPaused(true);
            Poll(IdlePoll);
        }
    }

    private void Poll(TimeSpan timeout)
    {
        try
        {
            if (consumer.Consume(timeout) is { } result && _holdings.TryGetValue(result.Partition, out var holding))
            {
                holding = Follow(holding, result);
                if (!result.IsPartitionEOF)
                {
                    var arrived = ToEvent(result);
                    holding.Arrived(arrived.Offset, arrived.AppendedAt);
                    Arrive(new Arrival(holding, arrived));
                }
            }
        }
        catch (ConsumeException e) when (!e.Error.IsFatal)
        {
            // The client waits between its attempts by itself.
            NoteFailure(e);
        }
    }

    private Holding Follow(Holding holding, ConsumeResult<string, byte[]> result)
    {
        if (holding.FailedAt > 0 || !problems.IsEmpty)
        {
            holding.FailedAt = 0;
            problems.Clear(FeedProblems.Action.Fetch, holding.Partition);
            problems.Clear(FeedProblems.Action.Join);
        }

        if (result.Offset < holding.Next)
        {
            holding = StartOver(holding, result.Offset);
        }
        else if (!holding.Fetched && holding is { StartIsCommitted: false, Former: { } former } && WatermarksOf(holding).High.Value is var end and >= 0 && end < former.End)
        {
            // The brokers forget what is committed of a topic that is deleted.
            loss.JumpedBack(holding.Partition, former.Next, former.End, end);
        }
        else if (result.Offset > holding.Next && WatermarksOf(holding).Low.Value is var first && first > holding.Next)
        {
            // The client goes on with what there still is, without a word. Other gaps mean nothing: markers of transactions
            // take offsets, too.
            loss.Deleted(holding.Partition, holding.Next, first - 1);
        }

        holding.Fetched = true;
        holding.Next = result.IsPartitionEOF ? result.Offset : result.Offset + 1;
        return holding;
    }

    // The partition ended before the offset that was to come next: it was deleted and created again, brokers lost their ends, or
    // a tool set what is committed. The offsets of before mean nothing any more, so they are not committed, and what is committed
    // is set back: else a reader that starts when the partition has grown again would begin in its midst.
    private Holding StartOver(Holding holding, long start)
    {
        var end = Math.Max(start, WatermarksOf(holding).High.Value);
        if (holding.Fetched || holding.Former is not null)
        {
            loss.JumpedBack(holding.Partition, holding.Next, Math.Max(holding.Next, holding.End), end);
        }
        else
        {
            loss.CommittedBeyond(holding.Partition, holding.Next, end);
        }

        holding.Gone = true;
        _toCommit.Remove(holding);
        var again = new Holding(holding.Partition, start, holding.FormerWatermark, former: null) { Paused = holding.Paused };
        _toCommit[again] = start;
        return _holdings[holding.Partition] = again;
    }

    private void NoteFailure(ConsumeException e)
    {
        // Of an error that is of no partition the client says partition 0, without a topic or without an offset.
        if (e.ConsumerRecord is not { Topic: not null } record || (record.Offset < 0 && IsOfTopic(e.Error)))
        {
            problems.Note(IsOfTopic(e.Error) ? FeedProblems.Action.FindTopic : FeedProblems.Action.Join, e.Error);
        }
        else if (_holdings.TryGetValue(record.Partition, out var holding))
        {
            holding.FailedAt = Stopwatch.GetTimestamp();
            problems.Note(FeedProblems.Action.Fetch, e.Error, holding.Partition);
        }

        LogConsumeFailed(e.Error.Code, e.Error.Reason);
        problems.Report();
    }

    private static bool IsOfTopic(Error error) => error.Code is
        ErrorCode.UnknownTopicOrPart or ErrorCode.TopicAuthorizationFailed or ErrorCode.TopicException or ErrorCode.Local_UnknownTopic;

    // Whoever holds no partition hears nothing of the topic from the client after the first time, and a member of the group whose
    // topic is deleted holds none.
    private void LookAtTopic()
    {
        if (topic.Latest is { IsUnanswered: false } state && !ReferenceEquals(state, _topic))
        {
            _topic = state;
            if (state.Error is { } error)
            {
                problems.Note(FeedProblems.Action.FindTopic, error);
            }
            else
            {
                problems.Clear(FeedProblems.Action.FindTopic);
            }
        }
    }

    // The client tells the end of a partition once, so a partition without new events would seem to fail for ever. Fetched anew,
    // it is told again.
    private void RefetchFailed()
    {
        foreach (var holding in _holdings.Values.Where(holding => holding is { FailedAt: > 0, Paused: false }))
        {
            if (Stopwatch.GetElapsedTime(holding.FailedAt) >= RefetchAfter)
            {
                holding.FailedAt = Stopwatch.GetTimestamp();
                Pause([holding], true);
                Pause([holding], false);
            }
        }
    }

    private void Arrive(Arrival arrival)
    {
        if (_waiting.Count > 0 || !_arrived.Writer.TryWrite(arrival))
        {
            if (_waiting.Count == 0)
            {
                _waitingSince = Stopwatch.GetTimestamp();
            }

            _waiting.Enqueue(arrival);
        }
    }

    private KafkaFeedBatch? HandOut()
    {
        var events = new List<FeedEvent>(Math.Min(_arrived.Reader.Count, log.BatchSize));
        var ends = new Dictionary<Holding, long>();
        KafkaFeedBatch? batch = null;
        lock (_handingOut)
        {
            while (events.Count < log.BatchSize && _arrived.Reader.TryRead(out var arrival))
            {
                if (!arrival.Holding.Leaving)
                {
                    events.Add(arrival.Event);
                    ends[arrival.Holding] = arrival.Event.Offset + 1;
                }
            }

            foreach (var (holding, end) in ends)
            {
                holding.HandedOut = end;
            }

            if (events.Count > 0)
            {
                _inHand.Add(batch = new KafkaFeedBatch(events, ends, this));
            }
        }

        _nudge.Set();
        return batch;
    }

    private void CommitWhatIsDone()
    {
        if (_done.IsEmpty && (_toCommit.Count == 0 || _commitBackoff.IsOn))
        {
            return;
        }

        var done = new List<KafkaFeedBatch>();
        while (_done.TryDequeue(out var batch))
        {
            done.Add(batch);
            foreach (var (holding, end) in batch.Ends.Where(end => !end.Key.Gone))
            {
                _toCommit[holding] = end;
                holding.Done(end);
            }
        }

        if (_toCommit.Count > 0)
        {
            TryCommit();
        }

        if (done.Count > 0)
        {
            lock (_handingOut)
            {
                _inHand.ExceptWith(done);
            }
        }

        foreach (var batch in done)
        {
            batch.Settled.TrySetResult();
        }
    }

    // A commit that fails loses nothing, so nobody waits for it: it is repeated, or overtaken by the next one.
    private void TryCommit()
    {
        try
        {
            consumer.Commit(_toCommit.Select(end => new TopicPartitionOffset(topic.Name, end.Key.Partition, end.Value)));
            foreach (var (holding, end) in _toCommit)
            {
                holding.Committed = end;
            }

            _toCommit.Clear();
            _commitBackoff.Reset();
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
            var delay = _commitBackoff.Next();
            LogCommitFailed(level, error.Code, error.Reason, delay);
        }
    }

    private List<Holding> Leave(IReadOnlyList<TopicPartitionOffset> partitions)
    {
        var leaving = new List<Holding>(partitions.Count);
        lock (_handingOut)
        {
            foreach (var partition in partitions)
            {
                if (_holdings.Remove(partition.Partition, out var holding))
                {
                    holding.Leaving = true;
                    leaving.Add(holding);
                }
            }
        }

        // The client would remember, should the partition come back.
        Pause([.. leaving.Where(holding => holding.Paused)], false);
        return leaving;
    }

    private void Forget(List<Holding> leaving)
    {
        foreach (var holding in leaving)
        {
            holding.Gone = true;
            _toCommit.Remove(holding);
            loss.Remember(holding.Partition, Math.Max(holding.Committed, holding.HandedOut), holding.End);
            problems.Clear(FeedProblems.Action.Fetch, holding.Partition);
        }

        if (_toCommit.Count == 0)
        {
            problems.Clear(FeedProblems.Action.Commit);
        }

        _lag = [.. _lag.Where(partition => _holdings.ContainsKey(partition.Partition))];
        _lookedAt = 0;
    }

    private bool IsInHand(List<Holding> holdings)
    {
        lock (_handingOut)
        {
            return _inHand.Any(batch => holdings.Any(batch.Ends.ContainsKey));
        }
    }

    // Only what was paused may be resumed: resuming any other partition makes the client fetch it from its start again.
    private void SetPaused(bool paused)
    {
        List<Holding>? changing = null;
        foreach (var holding in _holdings.Values)
        {
            if (holding.Paused != paused)
            {
                (changing ??= []).Add(holding);
            }
        }

        if (changing is not null)
        {
            Pause(changing, paused);
            LogPaused(paused, changing.Count);
        }
    }

    private void Pause(List<Holding> holdings, bool paused)
    {
        if (paused)
        {
            consumer.Pause(holdings.Select(Place));
        }
        else
        {
            consumer.Resume(holdings.Select(Place));
        }

        holdings.ForEach(holding => holding.Paused = paused);
    }

    // The client would look them up itself, but does not try again when that fails: it would hold the partitions unread.
    private List<TopicPartitionOffset> FindStarts(IReadOnlyList<TopicPartition> partitions)
    {
        var started = Stopwatch.GetTimestamp();
        var backoff = new Backoff();
        while (true)
        {
            try
            {
                var committed = consumer.Committed(partitions, CommittedTimeout);
                problems.Clear(FeedProblems.Action.ResolveStart);
                return [.. committed.Select(start => start.Offset == Offset.Unset
                    ? new TopicPartitionOffset(start.TopicPartition, Offset.Beginning)
                    : new TopicPartitionOffset(start.TopicPartition, start.Offset))];
            }
            catch (KafkaException e) when (!e.Error.IsFatal && !_stopping.IsCancellationRequested && Stopwatch.GetElapsedTime(started) < StartsTimeout)
            {
                var error = FeedProblems.Unwrap(e);
                problems.Note(FeedProblems.Action.ResolveStart, error);
                problems.Report();
                LogStartsUnknown(partitions.Count, error.Code, error.Reason, backoff.Next());
                while (backoff.IsOn && !_stopping.IsCancellationRequested)
                {
                    CommitWhatIsDone();
                    _nudge.WaitOne(IdlePoll);
                }
            }
        }
    }

    // Nothing may escape from here, the end of the thread.
    private void Close()
    {
        try
        {
            topic.Detach(consumer);
            // Gives the partitions back (Revoked is called from here, which commits what is done), then leaves the group.
            consumer.Close();
        }
        catch (Exception e)
        {
            LogCloseFailed(e);
        }

        _closed = true;
        while (_done.TryDequeue(out var batch))
        {
            batch.Settled.TrySetResult();
        }
    }

    // What is not done for every event.
    private void LookAfter()
    {
        if (Stopwatch.GetElapsedTime(_lookedAt) < LookInterval)
        {
            return;
        }

        _lookedAt = Stopwatch.GetTimestamp();
        if (_holdings.Count > 0)
        {
            problems.Clear(FeedProblems.Action.Read);
        }

        LookAtTopic();
        problems.Report();
        RefetchFailed();
        if (!_lagBackoff.IsOn)
        {
            MeasureLag();
        }
    }

    private void MeasureLag()
    {
        try
        {
            var lag = new List<PartitionLag>(_holdings.Count);
            foreach (var holding in _holdings.Values.OrderBy(holding => holding.Partition))
            {
                if (LagOf(holding) is { } behind)
                {
                    lag.Add(new PartitionLag(holding.Partition, behind, behind > 0 ? holding.OldestAt : null));
                }
            }

            _lag = lag;
            _lagBackoff.Reset();
        }
        catch (KafkaException e) when (!e.Error.IsFatal)
        {
            LogLagUnknown(e.Error.Code, e.Error.Reason, _lagBackoff.Next());
        }
    }

    // Fetching brings the end of the partition along, long before its events when there are many of other partitions to be
    // read first. Until then, what the client knows, if anything, is from an earlier time that it held the partition. While
    // nothing is fetched it has to be asked for; asked for beside a fetch, it would have to wait for that.
    private long? LagOf(Holding holding)
    {
        if (holding.FailedAt > 0)
        {
            return null;
        }

        var watermarks = holding.Paused ? consumer.QueryWatermarkOffsets(Place(holding), LagTimeout) : WatermarksOf(holding);
        // An answer without events, to a fetch that is refused, tells no end.
        if (watermarks.High < 0)
        {
            return null;
        }

        holding.End = Math.Max(holding.End, watermarks.High);
        var behind = Math.Max(0, watermarks.High - Math.Max(holding.Committed, watermarks.Low));
        return holding.Paused || holding.Fetched || (watermarks.High != holding.FormerWatermark && behind > 0) ? behind : null;
    }

    private WatermarkOffsets WatermarksOf(Holding holding) => consumer.GetWatermarkOffsets(Place(holding));

    private TopicPartition Place(Holding holding) => new(topic.Name, holding.Partition);

    private FeedEvent ToEvent(ConsumeResult<string, byte[]> result) => new(
        topic.Name, result.Partition, result.Offset, ToTime(result.Message.Timestamp), result.Message.Value,
        result.Message.Headers is { Count: > 0 } headers && headers.TryGetLastBytes("traceparent", out var traceParent) && traceParent is not null
            ? Encoding.ASCII.GetString(traceParent)
            : null);

    // Other producers may put any number there. One that is no time must not stop the partition.
    private static DateTimeOffset ToTime(Timestamp timestamp) => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(
        timestamp.UnixTimestampMs, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));

    private readonly record struct Arrival(Holding Holding, FeedEvent Event);

    /// <summary>Wakes the thread where it waits for the reader.</summary>
    private sealed class Nudge
    {
        private bool _set;

        public void Set()
        {
            lock (this)
            {
                _set = true;
                Monitor.Pulse(this);
            }
        }

        public void WaitOne(TimeSpan timeout)
        {
            lock (this)
            {
                if (!_set)
                {
                    Monitor.Wait(this, timeout);
                }

                _set = false;
            }
        }
    }

    private sealed class Backoff
    {
        private TimeSpan _delay;
        private long _since;

        public bool IsOn => _delay > TimeSpan.Zero && Stopwatch.GetElapsedTime(_since) < _delay;

        public TimeSpan Next()
        {
            _since = Stopwatch.GetTimestamp();
            var doubled = _delay == TimeSpan.Zero ? FirstBackoff : _delay * 2;
            return _delay = doubled < LastBackoff ? doubled : LastBackoff;
        }

        public void Reset() => _delay = TimeSpan.Zero;
    }

    [LoggerMessage(LogLevel.Information, "{Count} partitions were assigned, {Held} are held now")]
    private partial void LogAssigned(int count, int held);

    [LoggerMessage(LogLevel.Information, "{Count} partitions were handed over, {Held} are held now")]
    private partial void LogRevoked(int count, int held);

    [LoggerMessage(LogLevel.Warning, "{Count} partitions were lost, {Held} are held now; what was in hand is handed out to others")]
    private partial void LogLost(int count, int held);

    [LoggerMessage(LogLevel.Information, "Nothing has been taken from the feed for a while: fetching {Count} partitions paused: {Paused}")]
    private partial void LogPaused(bool paused, int count);

    [LoggerMessage(LogLevel.Debug, "Reading failed: {Code} {Reason}; the client tries again")]
    private partial void LogConsumeFailed(ErrorCode code, string reason);

    [LoggerMessage("Committing failed: {Code} {Reason}; repeated in {Delay} or with the next batch")]
    private partial void LogCommitFailed(LogLevel level, ErrorCode code, string reason, TimeSpan delay);

    [LoggerMessage(LogLevel.Debug, "The lag is unknown: {Code} {Reason}; next attempt in {Delay}")]
    private partial void LogLagUnknown(ErrorCode code, string reason, TimeSpan delay);

    [LoggerMessage(LogLevel.Debug, "The committed offsets of {Count} partitions can't be read: {Code} {Reason}; next attempt in {Delay}")]
    private partial void LogStartsUnknown(int count, ErrorCode code, string reason, TimeSpan delay);

    [LoggerMessage(LogLevel.Warning, "Leaving the group failed")]
    private partial void LogCloseFailed(Exception reason);

    [LoggerMessage(LogLevel.Warning, "Leaving the group {Group} took longer than {Timeout}")]
    private partial void LogLeftWithoutGoodbye(string group, TimeSpan timeout);
}
