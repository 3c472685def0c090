using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ShoppingSystem.Purchases;

/// <summary>
/// Text and numbers in the JSON of other producers: numbers written as text, text written as numbers, and both wrapped as in
/// MongoDB Extended JSON (<c>{"$oid":"…"}</c>, <c>{"$numberDecimal":"12.50"}</c>).
/// </summary>
internal static class JsonText
{
    private const int UuidLength = 16;

    /// <summary>The text of the value at the reader's position; moves to the end of the value. Null when the value is not text.</summary>
    /// <exception cref="InvalidOperationException">The value is not valid Unicode.</exception>
    public static string? Read(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                return reader.GetString();
            case JsonTokenType.Number:
                return Encoding.UTF8.GetString(reader.ValueSpan);
            case JsonTokenType.StartObject:
                return ReadExtended(ref reader);
            default:
                reader.Skip();
                return null;
        }
    }

    /// <summary>
    /// The number at the reader's position; moves to the end of the value. Null when it is not a number, or too large to store.
    /// </summary>
    /// <exception cref="InvalidOperationException">The value is text that is not valid Unicode.</exception>
    public static decimal? ReadNumber(ref Utf8JsonReader reader) =>
        reader.TokenType is JsonTokenType.Number
            ? reader.TryGetDecimal(out var number) ? number : null
            : Parse(Read(ref reader));

    /// <summary>The number that a text represents; null when it is not a number.</summary>
    public static decimal? Parse(string? text) =>
        decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Moves from anywhere inside an object to its end.</summary>
    /// <returns>True if the end was the next token, so that nothing was skipped.</returns>
    public static bool Leave(ref Utf8JsonReader reader, int depth)
    {
        var steps = 0;
        while (reader.TokenType is not JsonTokenType.EndObject || reader.CurrentDepth != depth)
        {
            reader.Read();
            steps++;
        }

        return steps is 1;
    }

    private static string? ReadExtended(ref Utf8JsonReader reader)
    {
        var depth = reader.CurrentDepth;
        reader.Read();
        if (reader.TokenType is not JsonTokenType.PropertyName)
        {
            return null;
        }

        if (reader.ValueTextEquals("$binary"u8))
        {
            return ReadUuid(ref reader, depth);
        }

        var isText = reader.ValueTextEquals("$oid"u8) || reader.ValueTextEquals("$uuid"u8)
            || reader.ValueTextEquals("$numberInt"u8) || reader.ValueTextEquals("$numberLong"u8)
            || reader.ValueTextEquals("$numberDouble"u8) || reader.ValueTextEquals("$numberDecimal"u8);
        reader.Read();
        var text = isText && reader.TokenType is JsonTokenType.String or JsonTokenType.Number ? Read(ref reader) : null;
        return Leave(ref reader, depth) ? text : null;
    }

    // {"$binary":{"base64":"…","subType":"04"}}, or, in version 1, {"$binary":"…","$type":"04"}.
    private static string? ReadUuid(ref Utf8JsonReader reader, int depth)
    {
        byte[]? bytes = null;
        var isUuid = false;
        while (reader.TokenType is not JsonTokenType.EndObject || reader.CurrentDepth != depth)
        {
            var (isBase64, isType) = reader.TokenType is JsonTokenType.PropertyName
                ? (reader.ValueTextEquals("$binary"u8) || reader.ValueTextEquals("base64"u8),
                    reader.ValueTextEquals("$type"u8) || reader.ValueTextEquals("subType"u8))
                : default;
            reader.Read();
            if (reader.TokenType is JsonTokenType.String)
            {
                _ = isBase64 && reader.TryGetBytesFromBase64(out bytes);
                isUuid |= isType && (reader.ValueTextEquals("04"u8) || reader.ValueTextEquals("4"u8));
            }
        }

        return isUuid && bytes is { Length: UuidLength } ? new Guid(bytes, bigEndian: true).ToString() : null;
    }
}
