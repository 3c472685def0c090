using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Tests.Support;

/// <summary>Purchases to test with.</summary>
public static class Some
{
    public static readonly DateTimeOffset Noon = new DateTimeOffset(2024, 1, 19, 12, 0, 0, TimeSpan.Zero).AddTicks(1_234_560);

    /// <summary>2024-01-19T11:20:00.123456Z, the moment of the documents' examples.</summary>
    public static readonly DateTimeOffset Moment = new(2024, 1, 19, 11, 20, 0, 123, 456, TimeSpan.Zero);

    public static Purchase Purchase(string userId = "u1", decimal price = 12.00m, DateTimeOffset? at = null, string? item = null) =>
        new(PurchaseId.New(at ?? Noon), userId, "Ada", price, item, at ?? Noon);

    /// <summary>Purchases of one user, a second apart, oldest first.</summary>
    public static List<Purchase> Purchases(int count, string userId = "u1") =>
        [.. Enumerable.Range(0, count).Select(i => Purchase(userId, price: i + 1, at: Noon.AddSeconds(i)))];

    /// <summary>Meters of a host that has nothing else.</summary>
    public static IMeterFactory Meters() => new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();

    /// <summary>Signals that nobody listens to.</summary>
    public static Signals Signals() => new(Meters());

    /// <summary>A purchase as the value of an event.</summary>
    public static byte[] Event(Purchase purchase) => PurchaseEvent.ToBytes(purchase);
}
