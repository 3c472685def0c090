using System.Globalization;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Contracts;

/// <summary>What every <see cref="IPurchaseStore"/> promises. Each test gets an empty store.</summary>
public abstract class PurchaseStoreContract : IAsyncLifetime
{
    private IPurchaseStore _store = null!;

    protected abstract Task<IPurchaseStore> OpenAsync();

    protected virtual ValueTask CloseAsync() => ValueTask.CompletedTask;

    public async ValueTask InitializeAsync() => _store = await OpenAsync();

    public ValueTask DisposeAsync() => CloseAsync();

    [Theory]
    [InlineData("50.0", null)]
    [InlineData("12.00", "tea pot")]
    [InlineData("0.0001", "買う 🛒")]
    [InlineData("1000000000.0000", "'; DROP TABLE purchases; --")]
    [InlineData("1000000000", "{\"$gt\":\"\"}")]
    public async Task A_recorded_purchase_is_read_back_unchanged(string price, string? item)
    {
        var purchase = new Purchase(
            PurchaseId.New(Some.Noon), "$user.id '\"\\ 買", "élan 🛒", decimal.Parse(price, CultureInfo.InvariantCulture), item, Some.Noon);

        Assert.Equal((1, 0), await RecordAsync(purchase));

        var page = await _store.ReadHistoryAsync(purchase.UserId, 10);
        var read = Assert.Single(page.Purchases);
        Assert.Equal(purchase, read);
        Assert.Equal(price, read.Price.ToString(CultureInfo.InvariantCulture));
        Assert.Null(page.Next);
    }

    [Fact]
    public async Task A_cancelled_query_is_not_answered()
    {
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _store.ReadHistoryAsync("u1", 10, null, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _store.SummarizeAsync("u1", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _store.CountAsync(cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _store.RecordAsync([Some.Purchase()], cancelled));
    }

    [Fact]
    public async Task Recording_a_purchase_again_changes_nothing()
    {
        var purchases = Some.Purchases(10);

        Assert.Equal((10, 0), await RecordAsync([.. purchases]));
        Assert.Equal((0, 10), await RecordAsync([.. purchases]));
        Assert.Equal((1, 10), await RecordAsync([.. purchases, Some.Purchase()]));

        Assert.Equal(11, (await _store.ReadHistoryAsync("u1", 100)).Purchases.Count);
        Assert.Equal(11, await _store.CountAsync());
    }

    [Fact]
    public async Task A_purchase_twice_in_one_batch_is_recorded_once()
    {
        var purchase = Some.Purchase();

        Assert.Equal((1, 2), await RecordAsync(purchase, purchase, purchase with { Timestamp = purchase.Timestamp.AddSeconds(1) }));

        Assert.Equal(purchase, Assert.Single((await _store.ReadHistoryAsync("u1", 10)).Purchases));
    }

    [Theory]
    [InlineData("u2", "Ada", "12.00", "tea", "userid differs")]
    [InlineData("U1", "Ada", "12.00", "tea", "userid differs")]
    [InlineData("u1", "Eve", "12.00", "tea", "username differs")]
    [InlineData("u1", "Ada", "12.01", "tea", "price differs")]
    [InlineData("u1", "Ada", "12.00", "coffee", "item differs")]
    [InlineData("u1", "Ada", "12.00", null, "item differs")]
    [InlineData("u2", "Eve", "1", null, "userid, username, price, item differ")]
    public async Task A_different_purchase_with_a_known_id_is_refused_and_the_first_is_kept(string userId, string username, string price, string? item, string difference)
    {
        var first = Some.Purchase(item: "tea");
        var other = new Purchase(first.Id, userId, username, decimal.Parse(price, CultureInfo.InvariantCulture), item, first.Timestamp);
        await RecordAsync(first);

        // The second time as the feed does it that was not committed.
        foreach (var recorded in (int[])[1, 0])
        {
            var result = await _store.RecordAsync([other, first, Some.Purchase("u3") with { Id = Guid.Parse("018d21b4-7f8b-7000-8000-000000000001") }]);

            Assert.Equal((recorded, 2 - recorded), (result.Recorded, result.Duplicates));
            Assert.Equal(new RefusedPurchase(0, $"another purchase has the id {first.Id}: its {difference}"), Assert.Single(result.Refused));
        }

        Assert.Equal(first, Assert.Single((await _store.ReadHistoryAsync("u1", 10)).Purchases));
        Assert.Empty((await _store.ReadHistoryAsync("u2", 10)).Purchases);
        Assert.Equal(2, await _store.CountAsync());
    }

    [Fact]
    public async Task Of_different_purchases_with_one_id_in_a_batch_one_is_recorded_and_the_others_are_refused()
    {
        var first = Some.Purchase(item: "tea");
        var otherUser = first with { UserId = "u2" };
        var otherItem = first with { Item = "coffee" };

        var result = await _store.RecordAsync([first, otherUser, first, otherItem, Some.Purchase("u3")]);
        var again = await _store.RecordAsync([first, otherUser, first, otherItem]);

        Assert.Equal((2, 1), (result.Recorded, result.Duplicates));
        Assert.Equal([1, 3], result.Refused.Select(refused => refused.Index).Order());
        Assert.Equal((0, 2), (again.Recorded, again.Duplicates));
        Assert.Equal(result.Refused, again.Refused);
        Assert.Equal(first, Assert.Single((await _store.ReadHistoryAsync("u1", 10)).Purchases));
        Assert.Empty((await _store.ReadHistoryAsync("u2", 10)).Purchases);
    }

    [Theory]
    [InlineData("50.0", "50.00")]
    [InlineData("50.00", "50")]
    [InlineData("0.5000", "0.5")]
    public async Task The_same_price_with_other_decimals_and_another_time_are_the_same_purchase(string price, string again)
    {
        var first = Some.Purchase(price: decimal.Parse(price, CultureInfo.InvariantCulture));
        await RecordAsync(first);

        Assert.Equal((0, 1), await RecordAsync(first with { Price = decimal.Parse(again, CultureInfo.InvariantCulture), Timestamp = first.Timestamp.AddDays(1) }));

        var recorded = Assert.Single((await _store.ReadHistoryAsync("u1", 10)).Purchases);
        Assert.Equal(first, recorded);
        Assert.Equal(price, recorded.Price.ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Of_different_purchases_with_one_id_that_are_recorded_at_once_each_is_recorded_or_refused()
    {
        var ids = Enumerable.Range(0, 100).Select(_ => Guid.NewGuid()).ToList();
        string[] users = ["a", "b", "c", "d"];

        var results = await Task.WhenAll(users.Select(user => Task.Run(async () =>
            await _store.RecordAsync([.. ids.Select(id => Some.Purchase(user) with { Id = id })]))));

        Assert.Equal(ids.Count, results.Sum(result => result.Recorded));
        Assert.Equal(0, results.Sum(result => result.Duplicates));
        Assert.Equal((users.Length - 1) * ids.Count, results.Sum(result => result.Refused.Count));
        for (var i = 0; i < users.Length; i++)
        {
            var refused = results[i].Refused.Select(purchase => ids[purchase.Index]);
            Assert.Equal(ids.Except(refused).Order(), (await ReadAllAsync(users[i], 1000)).Select(purchase => purchase.Id).Order());
        }
    }

    [Fact]
    public async Task Batches_recorded_at_once_record_each_purchase_once()
    {
        var purchases = Some.Purchases(200);

        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(i =>
            Task.Run(async () => await _store.RecordAsync([.. purchases.Skip(25 * i).Take(125)]))));

        Assert.Equal(200, results.Sum(result => result.Recorded));
        Assert.Equal(4 * 125 - 200, results.Sum(result => result.Duplicates));
        Assert.Equal(200, (await _store.ReadHistoryAsync("u1", 1000)).Purchases.Count);
    }

    [Fact]
    public async Task A_batch_of_a_thousand_is_recorded()
    {
        var purchases = Enumerable.Range(0, 1000).Select(i => Some.Purchase($"u{i % 7}", at: Some.Noon.AddMilliseconds(i))).ToArray();

        Assert.Equal((1000, 0), await RecordAsync(purchases));

        Assert.Equal(1000, await _store.CountAsync());
    }

    [Fact]
    public async Task History_is_newest_first_and_only_ones_own()
    {
        var mine = Some.Purchases(5, "me");
        await RecordAsync([.. Some.Purchases(5, "Me"), .. mine.AsEnumerable().Reverse(), .. Some.Purchases(5, "me2")]);

        var page = await _store.ReadHistoryAsync("me", 100);

        Assert.Equal(mine.AsEnumerable().Reverse(), page.Purchases);
    }

    [Fact]
    public async Task Purchases_of_one_microsecond_are_ordered_by_id()
    {
        var purchases = Enumerable.Range(0, 10).Select(_ => Some.Purchase() with { Id = Guid.NewGuid() }).ToArray();
        await RecordAsync(purchases);

        var expected = purchases.OrderByDescending(purchase => purchase.Id.ToString("N"), StringComparer.Ordinal).Select(purchase => purchase.Id);
        Assert.Equal(expected, (await ReadAllAsync("u1", limit: 3)).Select(purchase => purchase.Id));
    }

    [Fact]
    public async Task Purchases_a_microsecond_apart_keep_their_order()
    {
        var purchases = Enumerable.Range(0, 20).Select(i => Some.Purchase(at: Some.Noon.AddMicroseconds(i)) with { Id = Guid.NewGuid() }).ToArray();
        await RecordAsync(purchases);

        Assert.Equal(purchases.Reverse(), await ReadAllAsync("u1", limit: 7));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(25)]
    [InlineData(1000)]
    public async Task Pages_hold_every_purchase_once(int limit)
    {
        var purchases = Some.Purchases(50);
        await RecordAsync([.. purchases, .. Some.Purchases(3, "somebody else")]);

        Assert.Equal(purchases.AsEnumerable().Reverse(), await ReadAllAsync("u1", limit));
    }

    [Fact]
    public async Task A_page_reads_on_where_the_last_one_ended_whatever_was_bought_meanwhile()
    {
        var purchases = Some.Purchases(20);
        await RecordAsync([.. purchases]);
        var first = await _store.ReadHistoryAsync("u1", 10);
        await RecordAsync(Some.Purchase(at: Some.Noon.AddDays(1)));

        var second = await _store.ReadHistoryAsync("u1", 10, first.Next);

        Assert.Equal(purchases.AsEnumerable().Reverse(), first.Purchases.Concat(second.Purchases));
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task An_unknown_user_has_an_empty_history_and_summary()
    {
        Assert.Empty((await _store.ReadHistoryAsync("nobody", 10)).Purchases);
        Assert.Equal(new PurchaseSummary("nobody", 0, 0, null, null), await _store.SummarizeAsync("nobody"));
    }

    [Fact]
    public async Task A_summary_is_exact()
    {
        await RecordAsync(
            Some.Purchase(price: 50.0m, at: Some.Noon.AddSeconds(2)),
            Some.Purchase(price: 12.00m, at: Some.Noon),
            Some.Purchase(price: 0.0001m, at: Some.Noon.AddSeconds(1)),
            Some.Purchase("somebody else", price: 1000));

        var summary = await _store.SummarizeAsync("u1");

        Assert.Equal(new PurchaseSummary("u1", 3, 62.0001m, Some.Noon, Some.Noon.AddSeconds(2)), summary);
        Assert.Equal("62.0001", summary.Total.ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task A_total_keeps_the_decimals_of_its_prices()
    {
        await RecordAsync(Some.Purchase(price: 50.0m), Some.Purchase(price: 12.00m));

        Assert.Equal("62.00", (await _store.SummarizeAsync("u1")).Total.ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task A_thousand_highest_prices_are_summed_exactly()
    {
        await RecordAsync([.. Enumerable.Range(0, 1000).Select(i => Some.Purchase(price: 999_999_999.9999m, at: Some.Noon.AddSeconds(i)))]);

        Assert.Equal(999_999_999_999.9000m, (await _store.SummarizeAsync("u1")).Total);
    }

    [Fact]
    public async Task An_empty_batch_records_nothing()
    {
        Assert.Equal((0, 0), await RecordAsync());
        Assert.Equal(0, await _store.CountAsync());
    }

    private async Task<(int Recorded, int Duplicates)> RecordAsync(params Purchase[] purchases)
    {
        var result = await _store.RecordAsync(purchases);
        Assert.Empty(result.Refused);
        return (result.Recorded, result.Duplicates);
    }

    private async Task<List<Purchase>> ReadAllAsync(string userId, int limit)
    {
        var all = new List<Purchase>();
        PageCursor? before = null;
        do
        {
            var page = await _store.ReadHistoryAsync(userId, limit, before);
            Assert.InRange(page.Purchases.Count, 0, limit);
            all.AddRange(page.Purchases);
            before = page.Next;
        }
        while (before is not null);
        return all;
    }
}
