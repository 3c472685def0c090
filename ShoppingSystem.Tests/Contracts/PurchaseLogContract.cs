using System.Diagnostics;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Contracts;

/// <summary>A log with its feed, as an adapter offers them.</summary>
public interface ILogUnderTest : IAsyncDisposable
{
    IPurchaseLog Log { get; }

    IPurchaseFeed Feed { get; }

    /// <summary>What a restart of the process does: everything is opened anew, over what is durable.</summary>
    Task ReopenAsync();
}

/// <summary>What every <see cref="IPurchaseLog"/> and <see cref="IPurchaseFeed"/> promises, whatever it is made of.</summary>
public abstract class PurchaseLogContract
{
    private const int BatchSize = 100;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    protected abstract Task<ILogUnderTest> OpenAsync(PurchaseLogOptions options);

    [Fact]
    public async Task An_appended_purchase_is_fed_unchanged()
    {
        await using var log = await OpenAsync();
        var purchase = new Purchase(PurchaseId.New(Some.Noon), "user \"1\"\n".TrimEnd(), "élan 買う 🛒", 50.0m, "tea\\pot", Some.Noon);

        await log.Log.AppendAsync(purchase);

        var fed = Assert.Single(await ReadAsync(log.Feed, 1));
        Assert.Equal(purchase, fed);
        Assert.Equal("50.0", fed.Price.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task A_users_purchases_are_fed_in_the_order_of_their_appends()
    {
        await using var log = await OpenAsync();
        const int users = 16;
        const int each = 50;

        await Task.WhenAll(Enumerable.Range(0, users).Select(async user =>
        {
            foreach (var purchase in Some.Purchases(each, $"u{user}"))
            {
                await log.Log.AppendAsync(purchase);
            }
        }));

        var fed = await ReadAsync(log.Feed, users * each);
        foreach (var history in fed.GroupBy(purchase => purchase.UserId))
        {
            Assert.Equal(Enumerable.Range(1, each).Select(i => (decimal)i), history.Select(purchase => purchase.Price));
        }

        Assert.Equal(users, fed.Select(purchase => purchase.UserId).Distinct().Count());
    }

    [Fact]
    public async Task A_batch_is_bounded_and_does_not_wait_to_be_filled()
    {
        await using var log = await OpenAsync();
        await Task.WhenAll(Some.Purchases(5 * BatchSize + 1).Select(purchase => log.Log.AppendAsync(purchase).AsTask()));
        await using var batches = log.Feed.ReadAsync(Soon()).GetAsyncEnumerator();

        for (var seen = 0; seen < 5 * BatchSize + 1; seen += batches.Current.Events.Count)
        {
            Assert.True(await batches.MoveNextAsync());
            Assert.InRange(batches.Current.Events.Count, 1, BatchSize);
        }
    }

    [Fact]
    public async Task Committed_purchases_are_not_fed_again_after_a_restart()
    {
        await using var log = await OpenAsync();
        await AppendAsync(log, "first");
        await ReadAsync(log.Feed, 1, commit: true);

        await log.ReopenAsync();
        await AppendAsync(log, "second");

        Assert.Equal("second", Assert.Single(await ReadAsync(log.Feed, 1)).UserId);
    }

    [Fact]
    public async Task Uncommitted_purchases_are_fed_again_after_a_restart()
    {
        await using var log = await OpenAsync();
        await AppendAsync(log, "first");
        await ReadAsync(log.Feed, 1, commit: false);

        await log.ReopenAsync();

        Assert.Equal("first", Assert.Single(await ReadAsync(log.Feed, 1)).UserId);
    }

    [Fact]
    public async Task The_next_batch_can_be_asked_for_before_the_last_one_is_committed()
    {
        await using var log = await OpenAsync();
        await AppendAsync(log, "first");
        await using (var batches = log.Feed.ReadAsync(Soon()).GetAsyncEnumerator())
        {
            Assert.True(await batches.MoveNextAsync());
            var first = batches.Current;
            var next = batches.MoveNextAsync();
            await AppendAsync(log, "second");
            Assert.True(await next);

            await first.CommitAsync();
        }

        await log.ReopenAsync();

        Assert.Equal("second", Assert.Single(await ReadAsync(log.Feed, 1)).UserId);
    }

    [Fact]
    public async Task After_cancellation_the_batch_in_hand_can_still_be_committed()
    {
        await using var log = await OpenAsync();
        await AppendAsync(log, "first");
        using var stopping = new CancellationTokenSource();
        await using (var batches = log.Feed.ReadAsync(stopping.Token).GetAsyncEnumerator())
        {
            Assert.True(await batches.MoveNextAsync());
            var inHand = batches.Current;
            var next = batches.MoveNextAsync();
            await stopping.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);

            await inHand.CommitAsync();
        }

        await AppendAsync(log, "second");
        await log.ReopenAsync();

        Assert.Equal("second", Assert.Single(await ReadAsync(log.Feed, 1)).UserId);
    }

    [Fact]
    public async Task Lag_counts_uncommitted_purchases()
    {
        await using var log = await OpenAsync();
        await Task.WhenAll(Some.Purchases(10).Select(purchase => log.Log.AppendAsync(purchase).AsTask()));
        await using var batches = log.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        var seen = 0;
        while (seen < 10)
        {
            Assert.True(await batches.MoveNextAsync());
            seen += batches.Current.Events.Count;
            await batches.Current.CommitAsync();
        }

        // A reader that polls its log learns of the end, and of its own commits, while it waits for more.
        var waiting = batches.MoveNextAsync();
        await Eventually.TrueAsync(() => log.Feed.Lag.Sum(partition => partition.Lag) == 0, "no lag is left");
        await AppendAsync(log, "last");
        Assert.True(await waiting);
        await Eventually.TrueAsync(() => log.Feed.Lag.Sum(partition => partition.Lag) == 1, "a lag of one");
    }

    [Fact]
    public async Task Lag_tells_since_when_the_oldest_waits_until_that_is_committed()
    {
        await using var log = await OpenAsync();
        await AppendAsync(log, "ada");
        await using var batches = log.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        Assert.True(await batches.MoveNextAsync());
        var first = batches.Current;
        var firstAt = Assert.Single(first.Events).AppendedAt;
        await Eventually.TrueAsync(() => OldestAt() == firstAt, "the first is the oldest");

        // The same user's: both logs keep it behind the first.
        await Eventually.TrueAsync(() => DateTimeOffset.UtcNow > firstAt.AddMilliseconds(2), "the clock has moved on");
        await AppendAsync(log, "ada");
        Assert.True(await batches.MoveNextAsync());
        var second = batches.Current;
        var secondAt = Assert.Single(second.Events).AppendedAt;
        Assert.True(secondAt > firstAt);
        await Eventually.TrueAsync(() => log.Feed.Lag.Sum(partition => partition.Lag) == 2 && OldestAt() == firstAt, "it still is");

        var waiting = batches.MoveNextAsync().AsTask();
        await first.CommitAsync();
        await Eventually.TrueAsync(() => OldestAt() == secondAt, "the second is the oldest");
        await second.CommitAsync();
        await Eventually.TrueAsync(() => log.Feed.Lag.Sum(partition => partition.Lag) == 0, "no lag is left");
        Assert.Null(OldestAt());
        await AppendAsync(log, "ada");
        Assert.True(await waiting);

        DateTimeOffset? OldestAt() => log.Feed.Lag.Select(partition => partition.OldestAt).Min();
    }

    [Fact]
    public async Task Committed_batches_are_not_kept_in_memory()
    {
        await using var log = await OpenAsync();
        await using var batches = log.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        await AppendAsync(log, "first");
        var first = await CommitNextAsync(batches);
        await AppendAsync(log, "second");
        await CommitNextAsync(batches);

        await Eventually.TrueAsync(
            () =>
            {
                GC.Collect();
                return !first.IsAlive;
            },
            "the first batch is collected");
    }

    [Fact]
    public async Task Events_carry_their_place_and_the_trace_of_who_appended_them()
    {
        await using var log = await OpenAsync();
        using var activity = StartActivity();
        var before = DateTimeOffset.UtcNow.AddSeconds(-1);

        await AppendAsync(log, "u1");

        await using var batches = log.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        Assert.True(await batches.MoveNextAsync());
        var fed = Assert.Single(batches.Current.Events);
        Assert.Equal(0, fed.Offset);
        Assert.InRange(fed.AppendedAt, before, DateTimeOffset.UtcNow.AddSeconds(1));
        Assert.Contains(activity.TraceId.ToHexString(), fed.TraceParent);
    }

    [Fact]
    public async Task Each_event_of_a_batch_carries_its_own_trace()
    {
        const int count = BatchSize;
        await using var log = await OpenAsync();
        var traces = new string?[count];
        await Task.WhenAll(Enumerable.Range(0, count).Select(async i =>
        {
            using var activity = i % 3 == 1 ? StartActivity() : null;
            traces[i] = activity?.TraceId.ToHexString();
            await log.Log.AppendAsync(Some.Purchase(price: i + 1));
        }));

        await using var batches = log.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        for (var seen = 0; seen < count; seen += batches.Current.Events.Count)
        {
            Assert.True(await batches.MoveNextAsync());
            foreach (var @event in batches.Current.Events)
            {
                Assert.True(PurchaseEvent.TryRead(@event, out var purchase, out var reason), reason);
                var carried = @event.TraceParent?.Split('-')[1];
                Assert.Equal(traces[(int)purchase.Price - 1], traces.Contains(carried) ? carried : null);
            }
        }
    }

    private Task<ILogUnderTest> OpenAsync() => OpenAsync(new PurchaseLogOptions { BatchSize = BatchSize });

    private static Activity StartActivity() =>
        new Activity("buy") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.SetIdFormat(ActivityIdFormat.W3C).Start();

    private static async Task AppendAsync(ILogUnderTest log, string userId) => await log.Log.AppendAsync(Some.Purchase(userId));

    private static async Task<WeakReference> CommitNextAsync(IAsyncEnumerator<FeedBatch> batches)
    {
        Assert.True(await batches.MoveNextAsync());
        await batches.Current.CommitAsync();
        return new WeakReference(batches.Current.Events);
    }

    private static async Task<List<Purchase>> ReadAsync(IPurchaseFeed feed, int count, bool commit = false)
    {
        var purchases = new List<Purchase>();
        await foreach (var batch in feed.ReadAsync(Soon()))
        {
            foreach (var @event in batch.Events)
            {
                Assert.True(PurchaseEvent.TryRead(@event, out var purchase, out var reason), reason);
                purchases.Add(purchase);
            }

            if (commit)
            {
                await batch.CommitAsync();
            }

            if (purchases.Count >= count)
            {
                break;
            }
        }

        return purchases;
    }

    private static CancellationToken Soon() => new CancellationTokenSource(Timeout).Token;
}
