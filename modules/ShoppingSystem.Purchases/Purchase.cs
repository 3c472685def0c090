namespace ShoppingSystem.Purchases;

/// <summary>One thing one user bought. What every port carries and every dialect shows.</summary>
/// <param name="Id">Identifies the purchase everywhere: recording it again changes nothing. See <see cref="PurchaseId"/>.</param>
/// <param name="UserId">Who bought, by the shop's own identifier. Purchases of one user keep their order.</param>
/// <param name="Username">Who bought, as people call them.</param>
/// <param name="Price">What it cost, exact, with the number of decimals it was given (<c>50.0</c> stays <c>50.0</c>).</param>
/// <param name="Item">What was bought, where the buyer said so.</param>
/// <param name="Timestamp">When the purchase was accepted, UTC, in whole microseconds. See <see cref="Microseconds"/>.</param>
public sealed record Purchase(Guid Id, string UserId, string Username, decimal Price, string? Item, DateTimeOffset Timestamp);
