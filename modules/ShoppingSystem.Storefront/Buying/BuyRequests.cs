using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Storefront;

// Required, Length, Range and Description only feed the API's description; requests are checked by PurchaseRules, which report all
// invalid fields at once.
internal static class BuyRequests
{
    public const string TextDescription = "Text. A number is taken as its text, as it is written.";

    public const string PriceDescription =
        "Exact, with at most 4 decimals; zeros at the end and the noise of binary numbers are no decimals. A number, or the same as text.";

    public const string KeyDescription = "A retry under the same key is the same purchase, whatever became of the first attempt. Another purchase needs another key.";
}

/// <summary>The body of <c>POST /api/v1/buy</c>.</summary>
internal sealed record BuyRequestV1(
    [property: JsonPropertyName("username"), JsonConverter(typeof(TextOrNumberConverter)), Required, Length(1, PurchaseRules.MaxTextLength),
        Description(BuyRequests.TextDescription)] string? Username,
    [property: JsonPropertyName("userid"), JsonConverter(typeof(TextOrNumberConverter)), Required, Length(1, PurchaseRules.MaxTextLength),
        Description(BuyRequests.TextDescription)] string? UserId,
    [property: JsonPropertyName("price"), Required, JsonNumberHandling(JsonNumberHandling.AllowReadingFromString),
        Range(0, (double)PurchaseRules.MaxPrice, MinimumIsExclusive = true), Description(BuyRequests.PriceDescription)] decimal? Price,
    [property: JsonPropertyName("item"), JsonConverter(typeof(TextOrNumberConverter)), Length(1, PurchaseRules.MaxTextLength),
        Description(BuyRequests.TextDescription)] string? Item = null) : IOfUser;

/// <summary>The reply to it.</summary>
internal sealed record BuyReplyV1(
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("data")] PurchaseV1 Data);

/// <summary>The body of <c>POST /api/buy</c>.</summary>
internal sealed record BuyRequestClassic(
    [property: JsonPropertyName("username"), JsonConverter(typeof(TextOrNumberConverter)), Required, Length(1, PurchaseRules.MaxTextLength),
        Description(BuyRequests.TextDescription)] string? Username,
    [property: JsonPropertyName("userId"), JsonConverter(typeof(TextOrNumberConverter)), Required, Length(1, PurchaseRules.MaxTextLength),
        Description(BuyRequests.TextDescription)] string? UserId,
    [property: JsonPropertyName("price"), Required, JsonNumberHandling(JsonNumberHandling.AllowReadingFromString),
        Range(0, (double)PurchaseRules.MaxPrice, MinimumIsExclusive = true), Description(BuyRequests.PriceDescription)] decimal? Price,
    [property: JsonPropertyName("item"), JsonConverter(typeof(TextOrNumberConverter)), Length(1, PurchaseRules.MaxTextLength),
        Description(BuyRequests.TextDescription)] string? Item = null) : IOfUser;

/// <summary>The reply to it.</summary>
internal sealed record BuyReplyClassic(
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("id")] Guid Id);

[JsonSourceGenerationOptions(AllowDuplicateProperties = false)]
[JsonSerializable(typeof(BuyRequestV1))]
[JsonSerializable(typeof(BuyReplyV1))]
[JsonSerializable(typeof(BuyRequestClassic))]
[JsonSerializable(typeof(BuyReplyClassic))]
internal sealed partial class BuyingJson : JsonSerializerContext;
