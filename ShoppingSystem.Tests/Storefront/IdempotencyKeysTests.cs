using Microsoft.Extensions.Time.Testing;
using ShoppingSystem.Purchases;
using ShoppingSystem.Storefront;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Storefront;

public sealed class IdempotencyKeysTests
{
    private readonly FakeTimeProvider _clock = new(Some.Moment);

    [Fact]
    public void A_repeated_purchase_is_recognized_and_a_different_one_under_its_id_is_not()
    {
        var keys = new IdempotencyKeys(_clock);
        var first = Some.Purchase(item: "tea");

        var attempts = keys.Find(first);

        Assert.NotNull(attempts);
        Assert.Same(attempts, keys.Find(first with { Price = 12.0m, Timestamp = first.Timestamp.AddDays(1) }));
        Assert.Null(keys.Find(first with { Price = 12.01m }));
        Assert.Null(keys.Find(first with { Item = null }));
        Assert.Null(keys.Find(first with { Username = "Eve" }));
        Assert.Same(attempts, keys.Find(first));
    }

    [Fact]
    public void A_key_expires_however_often_it_was_used()
    {
        var keys = new IdempotencyKeys(_clock);
        var purchase = Some.Purchase();
        var attempts = keys.Find(purchase);
        foreach (var minute in Enumerable.Range(1, 4))
        {
            _clock.Advance(TimeSpan.FromMinutes(1));
            Assert.Same(attempts, keys.Find(purchase));
        }

        _clock.Advance(TimeSpan.FromMinutes(1));

        Assert.NotSame(attempts, keys.Find(purchase));
    }

    [Fact]
    public void The_oldest_keys_are_removed_when_there_are_too_many()
    {
        var keys = new IdempotencyKeys(_clock);
        List<Purchase> purchases = [.. Enumerable.Range(0, IdempotencyKeys.Capacity + 2).Select(_ => Some.Purchase() with { Id = Guid.NewGuid() })];
        List<Attempts> attempts = [.. purchases[..^2].Select(purchase => keys.Find(purchase)!)];
        Assert.Same(attempts[0], keys.Find(purchases[0]));

        Assert.NotNull(keys.Find(purchases[^2]));
        Assert.NotNull(keys.Find(purchases[^1]));

        Assert.Same(attempts[2], keys.Find(purchases[2]));
        Assert.Same(attempts[^1], keys.Find(purchases[^3]));
        Assert.NotSame(attempts[0], keys.Find(purchases[0]));
    }

    [Fact]
    public async Task An_append_that_fails_at_once_is_not_kept_as_pending()
    {
        var keys = new IdempotencyKeys(_clock);
        var purchase = Some.Purchase();
        var log = new FailingLog();

        foreach (var _ in (int[])[1, 2])
        {
            var sale = keys.Find(purchase)!.Append(purchase, log);
            Assert.False(sale.IsRepeated);
            await Assert.ThrowsAsync<PurchaseLogUnavailableException>(async () => await sale.Durable);
        }

        var durable = keys.Find(purchase)!.Append(purchase, new MemoryLog());
        await durable.Durable;
        Assert.False(durable.IsRepeated);
        var repeated = keys.Find(purchase)!.Append(purchase, log);
        Assert.True(repeated.IsRepeated);
        await repeated.Durable;
        Assert.Equal(2, log.Asked);
    }

    private sealed class FailingLog : IPurchaseLog
    {
        public int Asked { get; private set; }

        public ValueTask AppendAsync(Purchase purchase, CancellationToken cancellationToken = default)
        {
            Asked++;
            throw new PurchaseLogUnavailableException("not now");
        }
    }
}
