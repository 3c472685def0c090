using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>
/// Reads the feed, records valid purchases, keeps the other events as dead letters, then commits. While one batch is being
/// written, the next is read and decoded. While the store can't be reached, the recorder waits, however long that takes: it
/// skips nothing, and recording a purchase again changes nothing.
/// </summary>
internal sealed partial class Recorder(
    IPurchaseFeed feed, IPurchaseStore store, IDeadLetters deadLetters, RecorderStatistics statistics, RecorderState state,
    TimeProvider time, ILogger<Recorder> logger) : BackgroundService
{
    /// <summary>
    /// The time to finish the current batch after the host was told to stop. It is the same as for a batch of a partition that
    /// moves to another recorder. Events that are not committed by then are delivered to the next reader, and their purchases
    /// are still recorded only once.
    /// </summary>
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(5);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(async () =>
    {
        var untilItIsRead = UntilItWorks(ReportFeedBroken);
        var untilItIsRecorded = UntilItWorks((reason, attempt, delay) =>
        {
            state.HeldUp(reason.Message);
            LogHeldUp(reason, attempt, delay);
        });
        using var drained = new CancellationTokenSource();
        using var stopping = stoppingToken.Register(() => drained.CancelAfter(DrainTime));
        try
        {
            // The feed handles its own failures. If it gives up all the same, reading starts again after the last committed event.
            await untilItIsRead.ExecuteAsync(async _ => await RecordAllAsync(untilItIsRecorded, stoppingToken, drained.Token), stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }, CancellationToken.None);

    private async Task RecordAllAsync(ResiliencePipeline untilItIsRecorded, CancellationToken stopping, CancellationToken drained)
    {
        var inHand = Task.CompletedTask;
        var batches = feed.ReadAsync(stopping).GetAsyncEnumerator(stopping);
        await using (batches.ConfigureAwait(false))
        {
            try
            {
                while (await batches.MoveNextAsync())
                {
                    var next = DecodedBatch.Decode(batches.Current, time.GetUtcNow());
                    await inHand;
                    inHand = RecordAsync(next, untilItIsRecorded, stopping, drained);
                }
            }
            finally
            {
                await inHand;
            }
        }
    }

    private async Task RecordAsync(DecodedBatch batch, ResiliencePipeline untilItIsRecorded, CancellationToken stopping, CancellationToken drained)
    {
        using var span = RecordingSpan.Start(batch.Source.Events, feed.SpanTags);
        try
        {
            // The two writes are retried separately: if failed dead letters repeated both, recorded purchases would count as duplicates.
            var result = batch.Purchases.Count > 0
                ? await UntilItWorksAsync(() => store.RecordAsync(batch.Purchases, drained))
                : new RecordResult(0, 0, []);
            var now = time.GetUtcNow();
            DeadLetter[] letters =
            [
                .. batch.DeadLetters,
                .. result.Refused.Select(refused => DeadLetter.For(
                    batch.Source.Events[batch.Origins[refused.Index]], refused.Reason, now)),
            ];
            var deadLettered = letters.Length > 0 ? await UntilItWorksAsync(() => deadLetters.AddAsync(letters, drained)) : 0;
            foreach (var letter in letters)
            {
                LogDeadLetter(letter.Event.Topic, letter.Event.Partition, letter.Event.Offset, letter.Reason);
            }

            RecordingSpan.Note(result, deadLettered);
            statistics.Note(batch.Purchases, result, deadLettered, now);
            await batch.Source.CommitAsync(drained);
        }
        catch (Exception e)
        {
            span?.SetTag("error.type", e.GetType().FullName).SetStatus(ActivityStatusCode.Error, e.Message);
            throw;
        }

        async ValueTask<T> UntilItWorksAsync<T>(Func<ValueTask<T>> attempt)
        {
            var result = await untilItIsRecorded.ExecuteAsync(_ => attempt(), stopping.IsCancellationRequested ? drained : stopping);
            state.AtWork();
            return result;
        }
    }

    private void ReportFeedBroken(Exception reason, int attempt, TimeSpan delay)
    {
        if (reason is PurchaseFeedUnavailableException)
        {
            LogFeedUnavailable(reason.Message, attempt, delay);
        }
        else
        {
            LogFeedBroken(reason, attempt, delay);
        }
    }

    private static ResiliencePipeline UntilItWorks(Action<Exception, int, TimeSpan> onRetry) => new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromMilliseconds(200),
            MaxDelay = TimeSpan.FromSeconds(10),
            ShouldHandle = arguments => ValueTask.FromResult(
                arguments.Outcome.Exception is { } e && !(e is OperationCanceledException && arguments.Context.CancellationToken.IsCancellationRequested)),
            OnRetry = retry =>
            {
                onRetry(retry.Outcome.Exception!, retry.AttemptNumber + 1, retry.RetryDelay);
                return ValueTask.CompletedTask;
            },
        })
        .Build();

    [LoggerMessage(LogLevel.Warning, "Recording is held up, attempt {Attempt} in {Delay}")]
    private partial void LogHeldUp(Exception? reason, int attempt, TimeSpan delay);

    [LoggerMessage(LogLevel.Error, "The feed stopped; attempt {Attempt} to resume after the last committed batch in {Delay}")]
    private partial void LogFeedBroken(Exception? reason, int attempt, TimeSpan delay);

    [LoggerMessage(LogLevel.Debug, "The feed stopped, for a reason that it has logged: {Reason}; attempt {Attempt} to resume after the last committed batch in {Delay}")]
    private partial void LogFeedUnavailable(string reason, int attempt, TimeSpan delay);

    [LoggerMessage(LogLevel.Warning, "Dead letter: {Topic}[{Partition}]@{Offset}: {Reason}")]
    private partial void LogDeadLetter(string topic, int partition, long offset, string reason);
}
