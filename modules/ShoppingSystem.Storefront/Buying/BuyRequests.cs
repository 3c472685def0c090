using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Storefront;

/// <summary>What both dialects ask for; they differ in the name of the user's field.</summary>
/// <remarks>
/// Required, Length, Range and Description only feed the API's description; requests are checked by <see cref="PurchaseRules"/>,
/// which report all invalid fields at once. The properties can be set because the serializer reads them faster than init-only ones.
/// </remarks>
internal abstract record BuyRequest
{
    public const string KeyDescription = "A retry under the same key is the same purchase, whatever became of the first attempt. Another purchase needs another key.";

    protected const string TextDescription = "Text. A number is taken as its text, as it is written.";

    private const string PriceDescription =
        "Exact, with at most 4 decimals; zeros at the end and the noise of binary numbers are no decimals. A number, or the same as text.";

    [JsonPropertyName("username"), JsonConverter(typeof(TextOrNumberConverter)), Required, Length(1, PurchaseRules.MaxTextLength), Description(TextDescription)]
    public string? Username { get; set; }

    [JsonPropertyName("price"), Required, JsonNumberHandling(JsonNumberHandling.AllowReadingFromString)]
    [Range(0, (double)PurchaseRules.MaxPrice, MinimumIsExclusive = true), Description(PriceDescription)]
    public decimal? Price { get; set; }

    [JsonPropertyName("item"), JsonConverter(typeof(TextOrNumberConverter)), Length(1, PurchaseRules.MaxTextLength), Description(TextDescription)]
    public string? Item { get; set; }

    /// <summary>The id of the user, and the field that has it.</summary>
    internal abstract (string Field, string? Id) User { get; }
}

/// <summary>The body of <c>POST /api/v1/buy</c>.</summary>
internal sealed record BuyRequestV1 : BuyRequest
{
    private const string UserIdField = "userid";

    [JsonPropertyName(UserIdField), JsonConverter(typeof(TextOrNumberConverter)), Required, Length(1, PurchaseRules.MaxTextLength), Description(TextDescription)]
    public string? UserId { get; set; }

    internal override (string Field, string? Id) User => (UserIdField, UserId);
}

/// <summary>The body of <c>POST /api/buy</c>.</summary>
internal sealed record BuyRequestClassic : BuyRequest
{
    private const string UserIdField = "userId";

    [JsonPropertyName(UserIdField), JsonConverter(typeof(TextOrNumberConverter)), Required, Length(1, PurchaseRules.MaxTextLength), Description(TextDescription)]
    public string? UserId { get; set; }

    internal override (string Field, string? Id) User => (UserIdField, UserId);
}

/// <summary>The reply of v1.</summary>
internal sealed record BuyReplyV1(
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("data")] PurchaseV1 Data);

/// <summary>The reply of the classic dialect.</summary>
internal sealed record BuyReplyClassic(
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("id")] Guid Id);

[JsonSourceGenerationOptions(AllowDuplicateProperties = false)]
[JsonSerializable(typeof(BuyRequestV1))]
[JsonSerializable(typeof(BuyReplyV1))]
[JsonSerializable(typeof(BuyRequestClassic))]
[JsonSerializable(typeof(BuyReplyClassic))]
internal sealed partial class BuyingJson : JsonSerializerContext;
