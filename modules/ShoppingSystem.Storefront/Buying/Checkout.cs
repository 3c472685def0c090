using System.Diagnostics;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Storefront;

/// <summary>Turns what a customer asks for into a purchase, and acknowledges it once it is durable.</summary>
internal sealed class Checkout(IPurchaseLog log, TimeProvider time)
{
    /// <summary>What is wrong with a request, by field; null when nothing is.</summary>
    public static Dictionary<string, string[]>? Check(
        string? username, (string Field, string? Value) userId, decimal? price, string? item, string? idempotencyKey)
    {
        Dictionary<string, string[]>? problems = null;
        Note("username", PurchaseRules.CheckText(username));
        Note(userId.Field, PurchaseRules.CheckUserId(userId.Value));
        Note("price", PurchaseRules.CheckPrice(price));
        Note("item", PurchaseRules.CheckOptionalText(item));
        Note("Idempotency-Key", PurchaseRules.CheckOptionalText(idempotencyKey));
        return problems;

        void Note(string field, string? complaint)
        {
            if (complaint is not null)
            {
                (problems ??= [])[field] = [complaint];
            }
        }
    }

    /// <summary>The purchase that a valid request asks for, under the id that a retry of it will have, too.</summary>
    public Purchase Prepare(string username, string userId, decimal price, string? item, string? idempotencyKey)
    {
        var now = time.GetUtcNow().ToWholeMicroseconds();
        var id = idempotencyKey is null ? PurchaseId.New(now) : PurchaseId.FromIdempotencyKey(userId, idempotencyKey);
        if (Activity.Current is { Recorded: true } span)
        {
            span.SetTag("shopping.purchase.id", id.ToString());
        }

        return new Purchase(id, userId, username, price, item, now);
    }

    /// <summary>Completes when the purchase is durable.</summary>
    /// <exception cref="PurchaseLogUnavailableException">It could not be made durable in time.</exception>
    /// <remarks>Not cancelled when the customer hangs up: the append is under way and its outcome is worth counting.</remarks>
    public ValueTask AppendAsync(Purchase purchase) => log.AppendAsync(purchase, CancellationToken.None);
}
