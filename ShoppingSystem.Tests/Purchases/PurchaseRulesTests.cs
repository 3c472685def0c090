using System.Globalization;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Tests.Purchases;

public sealed class PurchaseRulesTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("élan 買う 🛒")]
    [InlineData(" ")]
    public void Text_within_the_rules_is_accepted(string text) => Assert.Null(PurchaseRules.CheckText(text));

    [Theory]
    [InlineData(null, "is required")]
    [InlineData("", "must not be empty")]
    [InlineData("a\nb", "must not contain control characters")]
    [InlineData("a\u0085b", "must not contain control characters")]
    [InlineData("a\0", "must not contain control characters")]
    public void Text_against_the_rules_is_refused_with_the_reason(string? text, string reason) =>
        Assert.Equal(reason, PurchaseRules.CheckText(text));

    [Theory]
    [InlineData(".", false)]
    [InlineData("..", false)]
    [InlineData("a\nb", false)]
    [InlineData("...", true)]
    [InlineData("a/../b", true)]
    [InlineData("%2e%2e", true)]
    public void A_user_id_can_be_named_by_a_path(string userId, bool isAccepted) =>
        Assert.Equal(isAccepted, PurchaseRules.CheckUserId(userId) is null);

    [Fact]
    public void Half_a_surrogate_pair_is_refused()
    {
        Assert.Equal("must be valid Unicode", PurchaseRules.CheckText("\ud800"));
        Assert.Equal("must be valid Unicode", PurchaseRules.CheckText("x\udc00y"));
    }

    [Fact]
    public void Length_counts_characters_as_people_and_OpenAPI_do()
    {
        Assert.Null(PurchaseRules.CheckText(new string('x', 128)));
        Assert.Equal("must have at most 128 characters", PurchaseRules.CheckText(new string('x', 129)));
        Assert.Null(PurchaseRules.CheckText(string.Concat(Enumerable.Repeat("🛒", 128))));
        Assert.Null(PurchaseRules.CheckText($"x{string.Concat(Enumerable.Repeat("🛒", 127))}"));
        Assert.NotNull(PurchaseRules.CheckText($"x{string.Concat(Enumerable.Repeat("🛒", 128))}"));
        Assert.NotNull(PurchaseRules.CheckText(string.Concat(Enumerable.Repeat("🛒", 129))));
    }

    [Theory]
    [InlineData("0.0001")]
    [InlineData("12.00")]
    [InlineData("1000000000")]
    [InlineData("1000000000.0000")]
    public void Prices_within_the_rules_are_accepted(string price) => Assert.Null(PurchaseRules.CheckPrice(decimal.Parse(price)));

    [Theory]
    [InlineData("0", "must be greater than 0")]
    [InlineData("0.0000", "must be greater than 0")]
    [InlineData("-1", "must be greater than 0")]
    [InlineData("1000000000.0001", "must be at most 1000000000")]
    [InlineData("0.00001", "must have at most 4 decimals")]
    [InlineData("12.00000", "must have at most 4 decimals")]
    public void Prices_against_the_rules_are_refused_with_the_reason(string price, string reason) =>
        Assert.Equal(reason, PurchaseRules.CheckPrice(decimal.Parse(price)));

    [Theory]
    [InlineData("12.50", "12.50")]
    [InlineData("12.5000", "12.5000")]
    [InlineData("12.50000", "12.5000")]
    [InlineData("12.0000000000000000000000000", "12.0000")]
    [InlineData("0.30000000000000004", "0.3")]
    [InlineData("0.1000000000000000055511151231", "0.1")]
    [InlineData("3.3000000000000003", "3.3")]
    [InlineData("0.9999999999999999", "1")]
    [InlineData("99999.99999999999", "100000")]
    [InlineData("0.00009999999999999999", "0.0001")]
    [InlineData("1000000.1000000001", "1000000.1")]
    [InlineData("999999999.99990001", "999999999.9999")]
    [InlineData("0.00001", "0.00001")]
    [InlineData("0.0000000000000000000000000001", "0.0000000000000000000000000001")]
    [InlineData("12.34567", "12.34567")]
    [InlineData("0.300000000000004", "0.300000000000004")]
    [InlineData("999999999.99995", "999999999.99995")]
    [InlineData("1000000000.0001", "1000000000.0001")]
    [InlineData("79228162514264.33759354395033", "79228162514264.33759354395033")]
    [InlineData("-0.30000000000000004", "-0.3")]
    [InlineData("0.00000", "0.0000")]
    public void The_noise_of_binary_numbers_is_removed_from_a_price(string price, string meant) =>
        Assert.Equal(meant, PurchaseRules.WithoutNoise(decimal.Parse(price, CultureInfo.InvariantCulture))?.ToString(CultureInfo.InvariantCulture));

    /// <summary>What 64-bit arithmetic makes of prices, written with as few digits as tell it from any other number.</summary>
    [Fact]
    public void Sums_of_two_prices_in_binary_are_the_exact_sums()
    {
        var seed = ShoppingSystem.Tests.Support.Seed.Next();
        var random = new Random(seed);
        for (var i = 0; i < 100_000; i++)
        {
            var (a, b) = (random.NextInt64(1, 1_000_000_000), random.NextInt64(1, 1_000_000_000));
            var sum = (a / 10_000.0) + (b / 10_000.0);

            var price = PurchaseRules.WithoutNoise(decimal.Parse(sum.ToString("R", CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture));

            Assert.True(price == (a + b) / 10_000m, $"Seed {seed}: {a} + {b} is {sum:R}, taken for {price}");
        }
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(1024, true)]
    [InlineData(1025, false)]
    public void An_id_of_another_producer_has_1_to_1024_characters(int length, bool isAccepted) =>
        Assert.Equal(isAccepted, PurchaseRules.CheckForeignId(new string('\0', length)) is null);

    [Fact]
    public void A_price_is_required() => Assert.Equal("is required", PurchaseRules.CheckPrice(null));
}
