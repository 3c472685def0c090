using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace ShoppingSystem.LoadTest;

/// <summary>A purchase that is to be made.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Due">When it is to start, since the beginning of the load.</param>
internal readonly record struct Start(long Number, TimeSpan Due);

/// <summary>
/// Sends one purchase at a time over its own connection, then asks for the next. A lane that has to wait for one rests
/// until <see cref="Traffic"/> wakes it. None of this allocates, unless a request fails.
/// </summary>
internal sealed class Lane(Traffic traffic, int index) : IValueTaskSource<bool>, IDisposable
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(2);

    private readonly BuyConnection _connection = new(traffic.Plan.Url, readIds: traffic.Receipts is not null);
    private readonly byte[] _request = new byte[traffic.Requests.Length];
    private ManualResetValueTaskSourceCore<bool> _wake;

    /// <summary>The purchase to send.</summary>
    public Start Next { get; set; }

    /// <summary>Ends the request under way if it was started before <paramref name="time"/>.</summary>
    public void ExpireStartedBefore(TimeSpan time) => _connection.ExpireStartedBefore(time);

    /// <summary>Sends <see cref="Next"/> and the purchases after it, until there are no more.</summary>
    public async Task RunAsync()
    {
        do
        {
            await BuyAsync(Next);
        }
        while (await traffic.NextAsync(this));
    }

    /// <summary>Closes the connection.</summary>
    public void Dispose() => _connection.Dispose();

    /// <summary>Makes the lane rest; the returned task ends with <see cref="Wake"/>.</summary>
    public ValueTask<bool> Rest()
    {
        _wake.Reset();
        return new(this, _wake.Version);
    }

    /// <summary>Continues a resting lane on the calling thread: with <see cref="Next"/>, or to its end.</summary>
    public void Wake(bool hasNext) => _wake.SetResult(hasNext);

    bool IValueTaskSource<bool>.GetResult(short token) => _wake.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _wake.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wake.OnCompleted(continuation, state, token, flags);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask BuyAsync(Start start)
    {
        var tally = traffic.TallyFor(index, start);
        var begun = traffic.Now;
        traffic.Requests.Write(start.Number, _request);

        var result = await _connection.BuyAsync(_request, begun);
        for (var backoff = FirstBackoff; result.Failure is not null; backoff = After(backoff))
        {
            tally.AttemptFailed(result.Failure);
            if (!result.CanRetry || !await traffic.WaitToRetryAsync(begun, Jittered(backoff, result.RetryAfter)))
            {
                tally.Failed(begun - start.Due);
                return;
            }

            tally.Retried();
            result = await _connection.BuyAsync(_request, traffic.Now);
        }

        traffic.Receipts?.Add(start.Number, result.PurchaseId);
        tally.Acknowledged(begun - start.Due, traffic.Now - start.Due);
    }

    /// <summary>Twice as long, up to a limit, without overflow however often it is called.</summary>
    internal static TimeSpan After(TimeSpan backoff) => backoff < LongestBackoff / 2 ? backoff * 2 : LongestBackoff;

    // Half of it is random, so that purchases that failed together are not retried together; but never sooner than the server asked for.
    private static TimeSpan Jittered(TimeSpan backoff, TimeSpan? retryAfter)
    {
        var wait = backoff * (0.5 + Random.Shared.NextDouble() / 2);
        return wait > retryAfter.GetValueOrDefault() ? wait : retryAfter.GetValueOrDefault() + wait;
    }
}
