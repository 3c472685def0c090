using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>
/// Protects requests from a failing store: no request waits longer than <see cref="Deadline"/>, and after the store has failed,
/// one request a second is let through and the others are refused at once. The recorder does not use it: it retries until it
/// succeeds.
/// </summary>
internal sealed partial class StoreGuard
{
    /// <summary>The longest time that a request waits for the store. Drivers also stop looking for a server after this time.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    private readonly ResiliencePipeline _pipeline;

    public StoreGuard(TimeProvider time, ILogger<StoreGuard> logger) => _pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddCircuitBreaker(new CircuitBreakerStrategyOptions
        {
            // While some requests succeed, the store is available.
            FailureRatio = 0.9,
            MinimumThroughput = 2,
            SamplingDuration = 2 * Deadline,
            BreakDuration = TimeSpan.FromSeconds(1),
            OnOpened = opened =>
            {
                LogOpened(logger, opened.Outcome.Exception?.Message);
                return default;
            },
            OnClosed = _ =>
            {
                LogClosed(logger);
                return default;
            },
        })
        .AddTimeout(new TimeoutStrategyOptions { Timeout = Deadline })
        .Build();

    /// <summary>Queries the store.</summary>
    /// <exception cref="BrokenCircuitException">The store was not queried, because earlier queries failed.</exception>
    /// <exception cref="TimeoutRejectedException">
    /// The store did not answer in time; the operation may have been done all the same.
    /// </exception>
    public ValueTask<T> AskAsync<T>(Func<CancellationToken, ValueTask<T>> ask, CancellationToken cancellationToken) => _pipeline.ExecuteAsync(
        // A store that hangs may ignore the token.
        static async (ask, token) => await ask(token).AsTask().WaitAsync(token), ask, cancellationToken);

    [LoggerMessage(LogLevel.Error, "The store does not answer ({Reason}): until it does, requests for what is recorded are refused, except one a second")]
    private static partial void LogOpened(ILogger logger, string? reason);

    [LoggerMessage(LogLevel.Information, "The store answers again")]
    private static partial void LogClosed(ILogger logger);
}

/// <summary>The record of purchases as requests see it.</summary>
internal sealed class GuardedStore(IPurchaseStore store, StoreGuard guard)
{
    public ValueTask<RecordResult> RecordAsync(IReadOnlyList<Purchase> purchases, CancellationToken cancellationToken) =>
        guard.AskAsync(token => store.RecordAsync(purchases, token), cancellationToken);

    public ValueTask<PurchasePage> ReadHistoryAsync(string userId, int limit, PageCursor? before, CancellationToken cancellationToken) =>
        guard.AskAsync(token => store.ReadHistoryAsync(userId, limit, before, token), cancellationToken);

    public ValueTask<PurchaseSummary> SummarizeAsync(string userId, CancellationToken cancellationToken) =>
        guard.AskAsync(token => store.SummarizeAsync(userId, token), cancellationToken);
}

/// <summary>The dead letters as requests see them.</summary>
internal sealed class GuardedDeadLetters(IDeadLetters deadLetters, StoreGuard guard)
{
    public ValueTask<DeadLetterPage> ListAsync(int limit, PageCursor? before, CancellationToken cancellationToken) =>
        guard.AskAsync(token => deadLetters.ListAsync(limit, before, token), cancellationToken);

    public ValueTask<DeadLetter?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        guard.AskAsync(token => deadLetters.FindAsync(id, token), cancellationToken);

    public ValueTask<bool> RemoveAsync(Guid id, CancellationToken cancellationToken) =>
        guard.AskAsync(token => deadLetters.RemoveAsync(id, token), cancellationToken);
}
