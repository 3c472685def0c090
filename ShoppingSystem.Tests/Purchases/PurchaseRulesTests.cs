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

    [Fact]
    public void A_price_is_required() => Assert.Equal("is required", PurchaseRules.CheckPrice(null));
}
