using Microsoft.Extensions.Logging;
using Polly.CircuitBreaker;
using Polly.Timeout;
using ShoppingSystem.Ledger;
using ShoppingSystem.Tests.Kafka;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Ledger;

/// <summary>What requests learn of a store that does not answer.</summary>
public sealed class StoreGuardTests : IDisposable
{
    private readonly Warnings _warnings = new();
    private readonly ILoggerFactory _loggers;
    private readonly StoreGuard _guard;

    public StoreGuardTests()
    {
        _loggers = LoggerFactory.Create(logging => logging.AddProvider(_warnings));
        _guard = new StoreGuard(TimeProvider.System, _loggers.CreateLogger<StoreGuard>());
    }

    public void Dispose()
    {
        _loggers.Dispose();
        _warnings.Dispose();
    }

    [Fact]
    public async Task After_some_timeouts_requests_are_refused_at_once_until_the_store_answers()
    {
        var isFrozen = true;
        var asked = 0;
        async ValueTask<int> Ask(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref asked);
            // It takes no notice of the token.
            await Task.Delay(isFrozen ? Timeout.Infinite : 0, CancellationToken.None);
            return 1;
        }

        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Assert.ThrowsAsync<TimeoutRejectedException>(() => _guard.AskAsync(Ask, default).AsTask())));
        await Assert.ThrowsAsync<BrokenCircuitException>(() => _guard.AskAsync(Ask, default).AsTask());
        Assert.Equal(3, asked);

        isFrozen = false;

        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    return await _guard.AskAsync(Ask, default) == 1;
                }
                catch (BrokenCircuitException)
                {
                    return false;
                }
            },
            "it is asked again");
        Assert.Contains("The store does not answer", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_fails_among_others_that_are_answered_refuses_nobody()
    {
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(i, await _guard.AskAsync(_ => ValueTask.FromResult(i), default));
            await Assert.ThrowsAsync<InvalidDataException>(() => _guard.AskAsync<int>(_ => throw new InvalidDataException(), default).AsTask());
        }
    }

    [Fact]
    public async Task A_request_cancelled_by_its_client_is_no_failure_of_the_store()
    {
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        for (var i = 0; i < 10; i++)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _guard.AskAsync<int>(async token =>
            {
                await Task.Delay(Timeout.Infinite, token);
                return 1;
            }, gone.Token).AsTask());
        }

        Assert.Equal(1, await _guard.AskAsync(_ => ValueTask.FromResult(1), default));
    }
}
