using System.Diagnostics;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>
/// One thread that does everything with the consumer, for one reading: it polls, has batches committed, follows rebalances and
/// leaves. While the reader takes nothing (the store is down), it goes on polling with its partitions paused, so that the group
/// does not take it for dead.
/// </summary>
internal sealed partial class ConsumerLoop : IAsyncDisposable
{
    private static readonly TimeSpan IdlePoll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PollBeforeCommit = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan PauseAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(10);

    private readonly IConsumer<string, byte[]> _consumer;
    private readonly KafkaTopic _topic;
    private readonly KafkaOptions _kafka;
    private readonly FeedProblems _problems;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Wakes the thread where it waits for the reader. Not disposed of: a reader that is late may still set it.
    private readonly AutoResetEvent _signal = new(initialState: false);
    private readonly OffsetCommitter _committer;
    private readonly FeedBuffer _buffer;
    private readonly Assignment _assignment;
    private readonly LagMeter _lag;

    // The thread's own.
    private TopicState? _latest;
    private long _lookedAt;
    private int _lookedAtVersion;

    public ConsumerLoop(
        KafkaConsumers consumers, KafkaTopic topic, FeedProblems problems, DataLoss loss, KafkaOptions kafka, PurchaseLogOptions log, ILogger logger)
    {
        (_topic, _kafka, _problems, _logger) = (topic, kafka, problems, logger);
        _consumer = consumers.Build(() => _assignment!);
        _committer = new OffsetCommitter(_consumer, kafka.Topic, problems, _signal, logger);
        _buffer = new FeedBuffer(log.BatchSize, _committer, _signal);
        _assignment = new Assignment(_consumer, kafka, _buffer, _committer, problems, loss, _signal, logger, _stopping.Token);
        _lag = new LagMeter(_consumer, kafka.Topic, logger);
    }

    public IReadOnlyList<PartitionLag> Lag => _lag.Lag;

    public void Start() => new Thread(Run) { Name = "purchase feed", IsBackground = true }.Start();

    /// <summary>The next batch: whatever has arrived, at least one event.</summary>
    public ValueTask<KafkaFeedBatch> TakeAsync(CancellationToken cancellationToken) => _buffer.TakeAsync(cancellationToken);

    /// <summary>Leaves the group. What is not committed by now is handed out to others.</summary>
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
            // The group finds out by itself, after the session timeout. The consumer is left to its thread.
            LogNotLeftInTime(_kafka.ConsumerGroup, CloseTimeout);
        }
    }

    private void Run()
    {
        Exception? failure = null;
        try
        {
            _topic.Attach(_consumer);
            while (!_topic.Ensured.Wait(TimeSpan.Zero, _stopping.Token))
            {
                // The client tells of its errors, and why it doesn't connect, only to whoever polls.
                Poll(IdlePoll);
            }

            _consumer.Subscribe(_topic.Name);
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
            // Fatal by the client's own account, or a defect: the reader is told, and may read on with another consumer.
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
            // The client waits between its attempts by itself.
            NoteFailure(e);
        }
    }

    private void NoteFailure(ConsumeException e)
    {
        // Of an error that is of no partition the client says partition 0, without a topic or without an offset.
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

    // What is not done for every event.
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

    // Whoever holds no partition hears nothing of the topic from the client after the first time, and a member of the group whose
    // topic is deleted holds none.
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

    // Nothing may escape from here, the end of the thread.
    private void Close()
    {
        try
        {
            _topic.Detach(_consumer);
            // Gives the partitions back (Revoked is called from here, which commits what is done), then leaves the group.
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
        _topic.Name, result.Partition, result.Offset, ToTime(result.Message.Timestamp), result.Message.Value,
        result.Message.Headers is { Count: > 0 } headers && headers.TryGetLastBytes("traceparent", out var traceParent) && traceParent is not null
            ? Encoding.ASCII.GetString(traceParent)
            : null);

    // Other producers may put any number there. One that is no time must not stop the partition.
    private static DateTimeOffset ToTime(Timestamp timestamp) => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(
        timestamp.UnixTimestampMs, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));

    [LoggerMessage(LogLevel.Debug, "Reading failed: {Code} {Reason}; the client tries again")]
    private partial void LogConsumeFailed(ErrorCode code, string reason);

    [LoggerMessage(LogLevel.Warning, "Leaving the group failed")]
    private partial void LogCloseFailed(Exception reason);

    [LoggerMessage(LogLevel.Warning, "Leaving the group {Group} took longer than {Timeout}")]
    private partial void LogNotLeftInTime(string group, TimeSpan timeout);
}
