using System.Diagnostics;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Storefront;

/// <summary>Turns a customer's request into a purchase, and says what became of it once it is durable.</summary>
internal sealed class Checkout(IPurchaseLog log, IdempotencyKeys keys, RefusalLog refusals, Signals signals, TimeProvider time)
{
    /// <summary>Makes the purchase of a request durable, under the id that a retry with the same key will have, too.</summary>
    /// <remarks>Not cancelled when the customer disconnects: the append is already running, and its outcome is counted.</remarks>
    public async ValueTask<BuyOutcome> BuyAsync(BuyRequest request, string? idempotencyKey)
    {
        var (userIdField, userId) = request.User;
        var price = PurchaseRules.WithoutNoise(request.Price);
        if (PurchaseRules.Collect(
            ("username", PurchaseRules.CheckText(request.Username)),
            (userIdField, PurchaseRules.CheckUserId(userId)),
            ("price", PurchaseRules.CheckPrice(price)),
            ("item", PurchaseRules.CheckOptionalText(request.Item)),
            ("Idempotency-Key", PurchaseRules.CheckOptionalText(idempotencyKey))) is { } problems)
        {
            return new BuyOutcome.Invalid(problems);
        }

        var now = time.GetUtcNow().ToWholeMicroseconds();
        var id = idempotencyKey is null ? PurchaseId.New(now) : PurchaseId.FromIdempotencyKey(userId!, idempotencyKey);
        if (Activity.Current is { Recorded: true } span)
        {
            span.SetTag("shopping.purchase.id", id.ToString());
        }

        var purchase = new Purchase(id, userId!, request.Username!, price!.Value, request.Item, now);
        try
        {
            var sale = idempotencyKey is null
                ? new Sale(purchase, log.AppendAsync(purchase, CancellationToken.None), IsRepeated: false)
                : keys.Find(purchase)?.Append(purchase, log);
            if (sale is not { } started)
            {
                return new BuyOutcome.KeyTaken();
            }

            await started.Durable;
            if (!started.IsRepeated)
            {
                signals.Accepted.Add(1);
            }

            return new BuyOutcome.Bought(started.Purchase);
        }
        catch (PurchaseLogUnavailableException e)
        {
            refusals.Note(e.Message);
            return new BuyOutcome.NotDurable(e.PublicReason);
        }
    }
}

/// <summary>What became of a request to buy.</summary>
internal abstract record BuyOutcome
{
    /// <summary>The purchase is durable.</summary>
    public sealed record Bought(Purchase Purchase) : BuyOutcome;

    /// <summary>The request is not valid: what is wrong, by field.</summary>
    public sealed record Invalid(Dictionary<string, string[]> Problems) : BuyOutcome;

    /// <summary>The same key was used for a different purchase.</summary>
    public sealed record KeyTaken : BuyOutcome;

    /// <summary>The purchase could not be made durable in time; the reason is one that customers may see.</summary>
    public sealed record NotDurable(string? Reason) : BuyOutcome;
}

/// <summary>A purchase that is being made durable.</summary>
/// <param name="Purchase">The purchase, as it will be acknowledged.</param>
/// <param name="Durable">
/// Completes when it is durable; throws <see cref="PurchaseLogUnavailableException"/> when that failed or took too long.
/// </param>
/// <param name="IsRepeated">Whether an earlier attempt has made it durable, or is doing so.</param>
internal readonly record struct Sale(Purchase Purchase, ValueTask Durable, bool IsRepeated);
