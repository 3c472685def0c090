using System.Diagnostics;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Storefront;

/// <summary>Turns what a customer asks for into a purchase, and acknowledges it once it is durable.</summary>
internal sealed class Checkout(IPurchaseLog log, TimeProvider time)
{
    /// <summary>What is wrong with a request, by field; empty when nothing is.</summary>
    public static Dictionary<string, string[]> Check(
        string? username, (string Field, string? Value) userId, decimal? price, string? item, string? idempotencyKey)
    {
        var problems = new Dictionary<string, string[]>();
        Note("username", PurchaseRules.CheckText(username));
        Note(userId.Field, PurchaseRules.CheckText(userId.Value));
        Note("price", PurchaseRules.CheckPrice(price));
        Note("item", PurchaseRules.CheckOptionalText(item));
        Note("Idempotency-Key", PurchaseRules.CheckOptionalText(idempotencyKey));
        return problems;

        void Note(string field, string? complaint)
        {
            if (complaint is not null)
            {
                problems[field] = [complaint];
            }
        }
    }

    /// <summary>Completes when the purchase is durable.</summary>
    /// <exception cref="PurchaseLogUnavailableException">It could not be made durable in time.</exception>
    public async ValueTask<Purchase> BuyAsync(string username, string userId, decimal price, string? item, string? idempotencyKey)
    {
        var now = time.GetUtcNow().ToWholeMicroseconds();
        var id = idempotencyKey is null ? PurchaseId.New(now) : PurchaseId.FromIdempotencyKey(userId, idempotencyKey);
        var purchase = new Purchase(id, userId, username, price, item, now);
        if (Activity.Current is { Recorded: true } span)
        {
            span.SetTag("shopping.purchase.id", id.ToString());
        }

        // Not cancelled when the customer hangs up: the append is under way and its outcome is worth counting.
        await log.AppendAsync(purchase, CancellationToken.None);
        Signals.Accepted.Add(1);
        return purchase;
    }
}
