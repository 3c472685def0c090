using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ShoppingSystem.Purchases;

/// <summary>A purchase as v1 shows it, in replies and in histories, and as it stands in the log: the value of an event.</summary>
public sealed record PurchaseV1(
    [property: JsonPropertyName("id")] Guid Id,
    [property: JsonPropertyName("username")] string Username,
    [property: JsonPropertyName("userid")] string UserId,
    [property: JsonPropertyName("price")] decimal Price,
    [property: JsonPropertyName("item")] string? Item,
    [property: JsonPropertyName("timestamp"), JsonConverter(typeof(EpochSecondsConverter))] DateTimeOffset Timestamp)
{
    /// <summary>The purchase in this dialect.</summary>
    public static PurchaseV1 From(Purchase p) => new(p.Id, p.Username, p.UserId, p.Price, p.Item, p.Timestamp);
}

/// <summary>A purchase in a user's history, in the classic dialect.</summary>
public sealed record PurchaseClassic(
    [property: JsonPropertyName("id")] Guid Id,
    [property: JsonPropertyName("userId")] string UserId,
    [property: JsonPropertyName("username")] string Username,
    [property: JsonPropertyName("price")] decimal Price,
    [property: JsonPropertyName("item")] string? Item,
    [property: JsonPropertyName("timestamp"), JsonConverter(typeof(IsoTimestampConverter))] DateTimeOffset Timestamp)
{
    /// <summary>The purchase in this dialect.</summary>
    public static PurchaseClassic From(Purchase p) => new(p.Id, p.UserId, p.Username, p.Price, p.Item, p.Timestamp);
}

/// <summary>A user's purchases in figures, v1; <c>first</c> and <c>last</c> are null for a user without any.</summary>
public sealed record SummaryV1(
    [property: JsonPropertyName("userid")] string UserId,
    [property: JsonPropertyName("purchases")] long Purchases,
    [property: JsonPropertyName("total")] decimal Total,
    [property: JsonPropertyName("first"), JsonIgnore(Condition = JsonIgnoreCondition.Never), JsonConverter(typeof(EpochSecondsConverter))] DateTimeOffset? First,
    [property: JsonPropertyName("last"), JsonIgnore(Condition = JsonIgnoreCondition.Never), JsonConverter(typeof(EpochSecondsConverter))] DateTimeOffset? Last)
{
    /// <summary>The summary in this dialect.</summary>
    public static SummaryV1 From(PurchaseSummary s) => new(s.UserId, s.Purchases, s.Total, s.First, s.Last);
}

/// <summary>
/// How purchases become JSON, generated at compile time. Text stays readable UTF-8 instead of being escaped: nothing here
/// is ever written into HTML.
/// </summary>
[JsonSerializable(typeof(PurchaseV1))]
[JsonSerializable(typeof(IReadOnlyList<PurchaseV1>))]
[JsonSerializable(typeof(IReadOnlyList<PurchaseClassic>))]
[JsonSerializable(typeof(SummaryV1))]
public sealed partial class PurchaseJson : JsonSerializerContext
{
    /// <summary>The context with which the whole system writes purchases.</summary>
    public static PurchaseJson Readable { get; } = new(MakeReadable(new JsonSerializerOptions()));

    /// <summary>Sets <paramref name="options"/> to write JSON as the whole system does.</summary>
    public static JsonSerializerOptions MakeReadable(JsonSerializerOptions options)
    {
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        return options;
    }
}
