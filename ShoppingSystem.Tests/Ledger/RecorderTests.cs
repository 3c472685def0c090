using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using ShoppingSystem.Ledger;
using ShoppingSystem.Purchases;
using ShoppingSystem.Sqlite;
using ShoppingSystem.Tests.Sqlite;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Ledger;

/// <summary>What the recorder says that it did, when not everything works at once.</summary>
public sealed class RecorderTests
{
    [Fact]
    public async Task Recorded_purchases_are_reported_though_keeping_dead_letters_fails_afterwards()
    {
        var store = new Store();
        var letters = new Letters(failures: 2);

        var told = await RecordAsync(store, letters, Some.Event(Some.Purchase()), "poison"u8.ToArray(), Some.Event(Some.Purchase()));

        Assert.Equal((2, 0), (told.Recorded, told.Duplicates));
        Assert.Equal("poison", Encoding.UTF8.GetString(Assert.Single(letters.Kept).Event.Value.Span));
        Assert.Equal(3, letters.Attempts);
    }

    [Fact]
    public async Task A_purchase_refused_by_the_store_is_not_shown_as_recorded()
    {
        var (good, bad) = (Some.Purchase(), Some.Purchase() with { Username = "Mallory" });
        var letters = new Letters(failures: 0);

        var told = await RecordAsync(new Store(), letters, Some.Event(bad), Some.Event(good));

        Assert.Equal((1, 0), (told.Recorded, told.Duplicates));
        Assert.Equal([good], told.Latest);
        Assert.Equal(0, Assert.Single(letters.Kept).Event.Offset);
    }

    [Fact]
    public async Task A_purchase_with_the_id_of_another_is_one_dead_letter_however_often_it_is_fed()
    {
        var record = new TemporaryRecord();
        var (store, letters) = (new SqlitePurchaseStore(record.Database), new SqliteDeadLetters(record.Database));
        var first = Some.Purchase();
        byte[][] events = [Some.Event(first), Some.Event(first with { UserId = "u2" }), Some.Event(first), Some.Event(first with { Price = 1 })];
        foreach (var (recorded, duplicates) in ((int, int)[])[(1, 1), (0, 2), (0, 2)])
        {
            var told = await RecordAsync(store, letters, events);

            Assert.Equal((recorded, duplicates), (told.Recorded, told.Duplicates));
            Assert.All(told.Latest, purchase => Assert.Equal("u1", purchase.UserId));
        }

        Assert.Equal(1, await store.CountAsync());
        var kept = (await letters.ListAsync(10)).Letters.OrderBy(letter => letter.Event.Offset).ToList();
        Assert.Equal([1, 3], kept.Select(letter => letter.Event.Offset));
        Assert.Equal([$"another purchase has the id {first.Id}: its userid differs", $"another purchase has the id {first.Id}: its price differs"], kept.Select(letter => letter.Reason));
        await record.DisposeAsync();
    }

    [Fact]
    public async Task Nothing_is_committed_before_it_is_recorded_and_its_dead_letters_are_kept()
    {
        var store = new Store();
        var letters = new Letters(failures: 1);
        var atCommit = (Recorded: 0, Kept: 0);
        var feed = new Feed(Some.Event(Some.Purchase()), "poison"u8.ToArray()) { OnCommit = () => atCommit = (store.Recorded, letters.Kept.Count) };

        await RecordAsync(store, letters, feed);

        Assert.Equal((1, 1), atCommit);
    }

    [Fact]
    public async Task A_delayed_batch_delays_the_batches_after_it()
    {
        var commits = new ConcurrentQueue<string>();
        var first = new Feed(Some.Event(Some.Purchase())) { OnCommit = () => commits.Enqueue("first") };
        var second = new Feed(Some.Event(Some.Purchase())) { Before = first, OnCommit = () => commits.Enqueue("second") };

        await RecordAsync(new Store(new IOException("not now")), new Letters(failures: 0), second);

        Assert.Equal(["first", "second"], commits);
    }

    [Fact]
    public async Task An_uncommitted_batch_is_read_again_before_later_ones()
    {
        var commits = new ConcurrentQueue<string>();
        var failures = 1;
        var first = new Feed(Some.Event(Some.Purchase()))
        {
            OnCommit = () => commits.Enqueue(Interlocked.Decrement(ref failures) < 0 ? "first" : throw new IOException("not now")),
        };
        var second = new Feed(Some.Event(Some.Purchase())) { Before = first, OnCommit = () => commits.Enqueue("second") };

        await RecordAsync(new Store(), new Letters(failures: 0), second);

        Assert.Equal(["first", "second"], commits);
    }

    [Fact]
    public async Task A_recorder_that_is_stopped_finishes_its_batch()
    {
        var store = new Store { Answers = new TaskCompletionSource() };
        var letters = new Letters(failures: 0);
        var feed = new Feed(Some.Event(Some.Purchase()), "poison"u8.ToArray());
        using var recorder = NewRecorder(feed, store, letters, new RecorderStatistics(TimeProvider.System, Some.Signals()));
        await recorder.StartAsync(CancellationToken.None);
        await store.Asked.WaitAsync(TimeSpan.FromSeconds(60));

        var stopped = recorder.StopAsync(CancellationToken.None);
        // One that does not wait for the batch stops meanwhile.
        await Task.WhenAny(stopped, Task.Delay(TimeSpan.FromMilliseconds(500)));
        Assert.False(stopped.IsCompleted);
        store.Answers.SetResult();
        await stopped;

        Assert.True(feed.Committed.IsCompleted);
        Assert.Single(letters.Kept);
    }

    [Fact]
    public async Task A_store_that_timed_out_is_tried_again()
    {
        var told = await RecordAsync(new Store(new OperationCanceledException("too slow")), new Letters(failures: 0), Some.Event(Some.Purchase()));

        Assert.Equal((1, 0), (told.Recorded, told.Duplicates));
    }

    [Fact]
    public async Task A_feed_that_gave_up_is_read_again()
    {
        var feed = new Feed(Some.Event(Some.Purchase())) { BreaksOff = 1 };

        var told = await RecordAsync(new Store(), new Letters(failures: 0), feed);

        Assert.Equal(1, told.Recorded);
    }

    private static Task<RecorderStatistics.Snapshot> RecordAsync(IPurchaseStore store, IDeadLetters letters, params byte[][] events) =>
        RecordAsync(store, letters, new Feed(events));

    private static async Task<RecorderStatistics.Snapshot> RecordAsync(IPurchaseStore store, IDeadLetters letters, Feed feed)
    {
        var statistics = new RecorderStatistics(TimeProvider.System, Some.Signals());
        using var recorder = NewRecorder(feed, store, letters, statistics);
        await recorder.StartAsync(CancellationToken.None);
        await feed.Committed.WaitAsync(TimeSpan.FromSeconds(60));
        await recorder.StopAsync(CancellationToken.None);
        return statistics.Read();
    }

    private static Recorder NewRecorder(Feed feed, IPurchaseStore store, IDeadLetters letters, RecorderStatistics statistics) =>
        new(feed, store, letters, statistics, new RecorderState(feed), TimeProvider.System, NullLogger<Recorder>.Instance);

    /// <summary>One batch, or two, and then silence.</summary>
    private sealed class Feed(params byte[][] events) : FeedBatch, IPurchaseFeed
    {
        private readonly TaskCompletionSource _committed = new();

        /// <summary>So many times reading fails before there is the batch.</summary>
        public int BreaksOff { get; set; }

        public Action? OnCommit { get; init; }

        public FeedBatch? Before { get; init; }

        public Task Committed => _committed.Task;

        public IReadOnlyList<PartitionLag> Lag => [];

        public string? Problem => null;

        public FeedLoss? Loss => null;

        public IReadOnlyList<KeyValuePair<string, object?>> SpanTags => [];

        public override IReadOnlyList<FeedEvent> Events { get; } =
            [.. events.Select((value, offset) => new FeedEvent("purchases", 0, offset, Some.Noon, value))];

        public IAsyncEnumerable<FeedBatch> ReadAsync(CancellationToken cancellationToken = default)
        {
            var batches = Channel.CreateUnbounded<FeedBatch>();
            if (BreaksOff-- > 0)
            {
                batches.Writer.Complete(new IOException("gave up"));
            }

            if (Before is not null)
            {
                batches.Writer.TryWrite(Before);
            }

            batches.Writer.TryWrite(this);
            return batches.Reader.ReadAllAsync(cancellationToken);
        }

        public override ValueTask CommitAsync(CancellationToken cancellationToken = default)
        {
            OnCommit?.Invoke();
            _committed.SetResult();
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>Takes everybody's purchases but Mallory's, at the second attempt when the first has to fail.</summary>
    private sealed class Store(Exception? failure = null) : IPurchaseStore
    {
        private readonly HashSet<Guid> _recorded = [];
        private Exception? _failure = failure;

        private readonly TaskCompletionSource _asked = new();

        public int Recorded => _recorded.Count;

        public Task Asked => _asked.Task;

        /// <summary>When it answers; at once when null.</summary>
        public TaskCompletionSource? Answers { get; init; }

        public async ValueTask<RecordResult> RecordAsync(IReadOnlyList<Purchase> purchases, CancellationToken cancellationToken = default)
        {
            _asked.TrySetResult();
            await (Answers?.Task ?? Task.CompletedTask);
            if (Interlocked.Exchange(ref _failure, null) is { } now)
            {
                throw now;
            }

            List<RefusedPurchase> refused = [.. purchases.Index().Where(each => each.Item.Username is "Mallory").Select(each => new RefusedPurchase(each.Index, "not from you"))];
            var recorded = purchases.Count(purchase => purchase.Username is not "Mallory" && _recorded.Add(purchase.Id));
            return new RecordResult(recorded, purchases.Count - recorded - refused.Count, refused);
        }

        public ValueTask<PurchasePage> ReadHistoryAsync(string userId, int limit, PageCursor? before = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public ValueTask<PurchaseSummary> SummarizeAsync(string userId, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<long> CountAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }

    /// <summary>Keeps them at the attempt after so many that failed.</summary>
    private sealed class Letters(int failures) : IDeadLetters
    {
        public int Attempts { get; private set; }

        public List<DeadLetter> Kept { get; } = [];

        public ValueTask<int> AddAsync(IReadOnlyList<DeadLetter> letters, CancellationToken cancellationToken = default)
        {
            if (++Attempts <= failures)
            {
                throw new IOException("not now");
            }

            Kept.AddRange(letters);
            return ValueTask.FromResult(letters.Count);
        }

        public ValueTask<DeadLetterPage> ListAsync(int limit, PageCursor? before = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<DeadLetter?> FindAsync(Guid id, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<bool> RemoveAsync(Guid id, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<long> CountAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
