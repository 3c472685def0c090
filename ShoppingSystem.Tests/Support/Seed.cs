using System.Globalization;

namespace ShoppingSystem.Tests.Support;

/// <summary>
/// The seed of a random test: a new one each time, printed with every failure. Set <c>SHOPPING_TEST_SEED</c> to see it again.
/// </summary>
internal static class Seed
{
    public static int Next() =>
        int.TryParse(Environment.GetEnvironmentVariable("SHOPPING_TEST_SEED"), CultureInfo.InvariantCulture, out var seed)
            ? seed
            : Random.Shared.Next();
}
