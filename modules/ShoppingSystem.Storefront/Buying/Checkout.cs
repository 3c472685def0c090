using System.Diagnostics;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Storefront;

/// <summary>Turns a customer's request into a purchase, and acknowledges it once it is durable.</summary>
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
    /// Starts to make the purchase of a valid request durable, under the id that a retry will have, too. Null when the same key
    /// was used for a different purchase.
    /// </summary>
    /// <remarks>Not cancelled when the customer disconnects: the append is already running, and its outcome is counted.</remarks>
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
/// <param name="Purchase">The purchase, as it will be acknowledged.</param>
/// <param name="Durable">
/// Completes when it is durable; throws <see cref="PurchaseLogUnavailableException"/> when that failed or took too long.
/// </param>
/// <param name="IsRepeated">Whether an earlier attempt has made it durable, or is doing so.</param>
internal readonly record struct Sale(Purchase Purchase, ValueTask Durable, bool IsRepeated);
