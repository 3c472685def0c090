using System.Text.Json.Serialization;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Storefront;

/// <summary>The body of <c>POST /api/v1/buy</c>.</summary>
internal sealed record BuyRequestV1(
    [property: JsonPropertyName("username")] string? Username,
    [property: JsonPropertyName("userid")] string? UserId,
    [property: JsonPropertyName("price")] decimal? Price,
    [property: JsonPropertyName("item")] string? Item) : IOfUser;

/// <summary>The reply to it.</summary>
internal sealed record BuyReplyV1(
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("data")] PurchaseV1 Data);

/// <summary>The body of <c>POST /api/buy</c>.</summary>
internal sealed record BuyRequestClassic(
    [property: JsonPropertyName("username")] string? Username,
    [property: JsonPropertyName("userId")] string? UserId,
    [property: JsonPropertyName("price")] decimal? Price,
    [property: JsonPropertyName("item")] string? Item) : IOfUser;

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
