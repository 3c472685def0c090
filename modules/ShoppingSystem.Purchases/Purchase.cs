namespace ShoppingSystem.Purchases;

/// <summary>One thing that one user bought. All ports carry it, and all dialects show it.</summary>
/// <param name="Id">Identifies the purchase everywhere: recording it again changes nothing, and no other purchase can have it. See <see cref="PurchaseId"/>.</param>
/// <param name="UserId">The buyer, by the shop's own identifier. Purchases of one user keep their order.</param>
/// <param name="Username">The buyer's name.</param>
/// <param name="Price">What it cost, exact, with the number of decimals it was given (<c>50.0</c> stays <c>50.0</c>).</param>
/// <param name="Item">What was bought, if the buyer stated it.</param>
/// <param name="Timestamp">When the purchase was accepted, UTC, in whole microseconds. See <see cref="Microseconds"/>.</param>
public sealed record Purchase(Guid Id, string UserId, string Username, decimal Price, string? Item, DateTimeOffset Timestamp)
{
    /// <summary>
    /// Why this purchase can't be recorded when <paramref name="recorded"/> has the same id; null when both are the same
    /// purchase: same user, name, price (<c>50.0</c> is <c>50.00</c>) and item. The timestamp may differ: a retry is made
    /// later. The text names the fields that differ, but not the recorded values: the other purchase may be another customer's.
    /// </summary>
    public string? ConflictWith(Purchase recorded)
    {
        List<string> differences = [];
        Compare("userid", UserId == recorded.UserId);
        Compare("username", Username == recorded.Username);
        Compare("price", Price == recorded.Price);
        Compare("item", Item == recorded.Item);
        return differences.Count == 0 ? null : $"another purchase has the id {Id}: its {string.Join(", ", differences)} differ{(differences.Count == 1 ? "s" : "")}";

        void Compare(string field, bool isSame)
        {
            if (!isSame)
            {
                differences.Add(field);
            }
        }
    }
}
