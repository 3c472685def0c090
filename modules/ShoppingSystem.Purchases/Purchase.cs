namespace ShoppingSystem.Purchases;

/// <summary>One thing one user bought. What every port carries and every dialect shows.</summary>
/// <param name="Id">Identifies the purchase everywhere: recording it again changes nothing, and no other purchase can have it. See <see cref="PurchaseId"/>.</param>
/// <param name="UserId">Who bought, by the shop's own identifier. Purchases of one user keep their order.</param>
/// <param name="Username">Who bought, as people call them.</param>
/// <param name="Price">What it cost, exact, with the number of decimals it was given (<c>50.0</c> stays <c>50.0</c>).</param>
/// <param name="Item">What was bought, where the buyer said so.</param>
/// <param name="Timestamp">When the purchase was accepted, UTC, in whole microseconds. See <see cref="Microseconds"/>.</param>
public sealed record Purchase(Guid Id, string UserId, string Username, decimal Price, string? Item, DateTimeOffset Timestamp)
{
    /// <summary>
    /// Why this purchase can't be recorded where <paramref name="recorded"/> has its id; null when the two are the same
    /// purchase: of the same user, name, price (<c>50.0</c> is <c>50.00</c>) and item. A retry may be of another time.
    /// Says what differs, but not from what: the other purchase may be somebody else's.
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
