using System.Diagnostics;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>
/// One thread for each reading that makes all calls to the consumer: it polls, commits batches, follows rebalances and leaves the group.
/// While the reader takes nothing (the store is down), it keeps polling with its partitions paused, so that the group
/// does not consider it dead.
/// </summary>
internal sealed partial class ConsumerLoop : IAsyncDisposable
{
    private static readonly TimeSpan IdlePoll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PollBeforeCommit = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan PauseAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(10);

    private readonly IConsumer<string, byte[]> _consumer;
    private readonly KafkaAdmin _admin;
    private readonly TopicWatch _watch;
    private readonly TopicObserver _topic;
    private readonly KafkaOptions _kafka;
    private readonly FeedProblems _problems;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Wakes the thread when it waits for the reader. Not disposed: a reader that is late may still set it.
    private readonly AutoResetEvent _signal = new(initialState: false);
    private readonly OffsetCommitter _committer;
    private readonly FeedBuffer _buffer;
    private readonly Assignment _assignment;
    private readonly LagMeter _lag;

    // Used by the thread only.
    private TopicState? _latest;
    private long _lookedAt;
    private int _lookedAtVersion;

    public ConsumerLoop(
        KafkaConsumers consumers, KafkaAdmin admin, TopicWatch watch, TopicObserver topic, FeedProblems problems, DataLoss loss,
        KafkaOptions kafka, PurchaseLogOptions log, ILogger logger)
    {
        (_admin, _watch, _topic, _kafka, _problems, _logger) = (admin, watch, topic, kafka, problems, logger);
        _consumer = consumers.Build(() => _assignment!);
        _committer = new OffsetCommitter(_consumer, kafka.Topic, problems, _signal, logger);
        _buffer = new FeedBuffer(log.BatchSize, _committer, _signal);
        _assignment = new Assignment(_consumer, kafka, _buffer, _committer, problems, loss, _signal, logger, _stopping.Token);
        _lag = new LagMeter(_consumer, kafka.Topic, logger);
    }

    public IReadOnlyList<PartitionLag> Lag => _lag.Lag;

    public void Start() => new Thread(Run) { Name = "purchase feed", IsBackground = true }.Start();

    /// <summary>The next batch: all events that have arrived, at least one.</summary>
    public ValueTask<KafkaFeedBatch> TakeAsync(CancellationToken cancellationToken) => _buffer.TakeAsync(cancellationToken);

    /// <summary>Leaves the group. Events that are not committed by now are delivered to other readers.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _signal.Set();
        try
        {
            await _ended.Task.WaitAsync(CloseTimeout);
            _stopping.Dispose();
        }
        catch (TimeoutException)
        {
            // The group notices it by itself, after the session timeout. The thread keeps the consumer.
            LogNotLeftInTime(_kafka.ConsumerGroup, CloseTimeout);
        }
    }

    private void Run()
    {
        Exception? failure = null;
        try
        {
            _admin.Attach(_consumer);
            var ensured = _watch.EnsureTopicAsync();
            while (!ensured.Wait(TimeSpan.Zero, _stopping.Token))
            {
                // The client reports its errors, and why it can't connect, only while it is polled.
                Poll(IdlePoll);
            }

            _consumer.Subscribe(_kafka.Topic);
            while (!_stopping.IsCancellationRequested)
            {
                _committer.CommitDone();
                LookAfter();
                PollOrWait();
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            // The client reported a fatal error, or there is a defect: the reader gets the error, and may read on with another consumer.
            failure = Explain(e);
        }

        Close();
        _problems.ClearAllButRead();
        _buffer.Complete(failure);
        _ended.SetResult();
    }

    private Exception Explain(Exception failure)
    {
        var ofClient = failure as KafkaException ?? failure.InnerException as KafkaException;
        var error = ofClient is null ? new Error(ErrorCode.Local_Fail, failure.Message) : FeedProblems.Unwrap(ofClient);
        _problems.Note(FeedProblems.Action.Read, error);
        _problems.Report();
        return ofClient is null ? failure : new PurchaseFeedUnavailableException(_problems.Describe(FeedProblems.Action.Read, error), failure);
    }

    private void PollOrWait()
    {
        if (!_buffer.IsFull)
        {
            _assignment.SetPaused(false);
            Poll(_committer.InHand > 0 ? PollBeforeCommit : IdlePoll);
        }
        else if (_buffer.FullFor < PauseAfter)
        {
            _signal.WaitOne(IdlePoll);
        }
        else
        {
            _assignment.SetPaused(true);
            Poll(IdlePoll);
        }
    }

    private void Poll(TimeSpan timeout)
    {
        try
        {
            if (_consumer.Consume(timeout) is { } result && _assignment.Advance(result) is { } partition && !result.IsPartitionEOF)
            {
                var arrived = ToEvent(result);
                partition.Arrived(arrived.Offset, arrived.AppendedAt);
                _buffer.Add(partition, arrived);
            }
        }
        catch (ConsumeException e) when (!e.Error.IsFatal)
        {
            // The client itself waits between its attempts.
            NoteFailure(e);
        }
    }

    private void NoteFailure(ConsumeException e)
    {
        // For an error that belongs to no partition, the client reports partition 0 without a topic or without an offset.
        if (e.ConsumerRecord is not { Topic: not null } record || (record.Offset < 0 && IsOfTopic(e.Error)))
        {
            _problems.Note(IsOfTopic(e.Error) ? FeedProblems.Action.FindTopic : FeedProblems.Action.Join, e.Error);
        }
        else if (_assignment.Find(record.Partition) is { } partition)
        {
            partition.FailedAt = Stopwatch.GetTimestamp();
            _problems.Note(FeedProblems.Action.Fetch, e.Error, partition.Number);
        }

        LogConsumeFailed(e.Error.Code, e.Error.Reason);
        _problems.Report();
    }

    private static bool IsOfTopic(Error error) => error.Code is
        ErrorCode.UnknownTopicOrPart or ErrorCode.TopicAuthorizationFailed or ErrorCode.TopicException or ErrorCode.Local_UnknownTopic;

    // Work that is not needed for every event.
    private void LookAfter()
    {
        if (_lookedAtVersion != _assignment.Version)
        {
            _lookedAtVersion = _assignment.Version;
            _lag.Keep(_assignment);
        }
        else if (Stopwatch.GetElapsedTime(_lookedAt) < LookInterval)
        {
            return;
        }

        _lookedAt = Stopwatch.GetTimestamp();
        if (_assignment.Partitions.Count > 0)
        {
            _problems.Clear(FeedProblems.Action.Read);
        }

        LookAtTopic();
        _problems.Report();
        _assignment.RefetchFailed();
        _lag.Measure(_assignment);
    }

    // After the first time, the client reports nothing about the topic to a reader without partitions, and a member of the group
    // whose topic is deleted has none.
    private void LookAtTopic()
    {
        if (_topic.Latest is { IsUnanswered: false } state && !ReferenceEquals(state, _latest))
        {
            _latest = state;
            if (state.Error is { } error)
            {
                _problems.Note(FeedProblems.Action.FindTopic, error);
            }
            else
            {
                _problems.Clear(FeedProblems.Action.FindTopic);
            }
        }
    }

    // No exception may leave this method: it is the end of the thread.
    private void Close()
    {
        try
        {
            _admin.Detach(_consumer);
            _committer.Leave();
            // Gives the partitions back (this calls Revoked, which commits what is done), then leaves the group.
            _consumer.Close();
        }
        catch (Exception e)
        {
            LogCloseFailed(e);
        }

        _committer.Close();
        _lag.Keep(_assignment);
    }

    private FeedEvent ToEvent(ConsumeResult<string, byte[]> result) => new(
        _kafka.Topic, result.Partition, result.Offset, ToTime(result.Message.Timestamp), result.Message.Value,
        result.Message.Headers is { Count: > 0 } headers && headers.TryGetLastBytes("traceparent", out var traceParent) && traceParent is not null
            ? Encoding.ASCII.GetString(traceParent)
            : null);

    // Other producers may write any number there. A number that is no valid time must not stop the partition.
    private static DateTimeOffset ToTime(Timestamp timestamp) => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(
        timestamp.UnixTimestampMs, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));

    [LoggerMessage(LogLevel.Debug, "Reading failed: {Code} {Reason}; the client tries again")]
    private partial void LogConsumeFailed(ErrorCode code, string reason);

    [LoggerMessage(LogLevel.Warning, "Leaving the group failed")]
    private partial void LogCloseFailed(Exception reason);

    [LoggerMessage(LogLevel.Warning, "Leaving the group {Group} took longer than {Timeout}")]
    private partial void LogNotLeftInTime(string group, TimeSpan timeout);
}
