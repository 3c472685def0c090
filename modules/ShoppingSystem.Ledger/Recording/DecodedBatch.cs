using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>A batch of the feed, decoded as far as possible.</summary>
/// <param name="Source">The batch.</param>
/// <param name="Purchases">The purchases of its valid events, in order.</param>
/// <param name="Origins">For each purchase, the index of its event.</param>
/// <param name="DeadLetters">The events that can't be decoded.</param>
internal sealed record DecodedBatch(
    FeedBatch Source, List<Purchase> Purchases, List<int> Origins, List<DeadLetter> DeadLetters)
{
    public static DecodedBatch Decode(FeedBatch batch, DateTimeOffset now)
    {
        var decoded = new DecodedBatch(batch, new(batch.Events.Count), new(batch.Events.Count), []);
        for (var i = 0; i < batch.Events.Count; i++)
        {
            if (PurchaseEvent.TryRead(batch.Events[i], out var purchase, out var reason))
            {
                decoded.Purchases.Add(purchase);
                decoded.Origins.Add(i);
            }
            else
            {
                decoded.DeadLetters.Add(DeadLetter.For(batch.Events[i], reason, now));
            }
        }

        return decoded;
    }
}
