using System.Diagnostics;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Storefront;

/// <summary>Turns what a customer asks for into a purchase, and acknowledges it once it is durable.</summary>
internal sealed class Checkout(IPurchaseLog log, IdempotencyKeys keys, TimeProvider time)
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

    /// <summary>
    /// Begins to make durable what a valid request asks for, under the id that a retry of it will have, too. Null when another
    /// purchase was asked for under the same key.
    /// </summary>
    /// <remarks>Not cancelled when the customer hangs up: the append is under way and its outcome is worth counting.</remarks>
    public Sale? Begin(string username, string userId, decimal price, string? item, string? idempotencyKey)
    {
        var now = time.GetUtcNow().ToWholeMicroseconds();
        var id = idempotencyKey is null ? PurchaseId.New(now) : PurchaseId.FromIdempotencyKey(userId, idempotencyKey);
        if (Activity.Current is { Recorded: true } span)
        {
            span.SetTag("shopping.purchase.id", id.ToString());
        }

        var purchase = new Purchase(id, userId, username, price, item, now);
        return idempotencyKey is null
            ? new Sale(purchase, log.AppendAsync(purchase, CancellationToken.None), IsRepeated: false)
            : keys.Find(purchase)?.Append(purchase, log);
    }
}

/// <summary>A purchase that is being made durable.</summary>
/// <param name="Purchase">The purchase, as it is to be acknowledged.</param>
/// <param name="Durable">
/// Completes when it is durable; throws <see cref="PurchaseLogUnavailableException"/> when that could not be done in time.
/// </param>
/// <param name="IsRepeated">Whether an attempt before this one did that, or is doing it.</param>
internal readonly record struct Sale(Purchase Purchase, ValueTask Durable, bool IsRepeated);
