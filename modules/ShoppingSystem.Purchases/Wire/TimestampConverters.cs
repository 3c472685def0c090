using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ShoppingSystem.Purchases;

/// <summary>Time as v1 shows it: seconds since 1970-01-01T00:00:00Z with six decimals, as a JSON number.</summary>
[Description("Seconds since 1970-01-01T00:00:00Z, with six decimals.")]
public sealed class EpochSecondsConverter : JsonConverter<DateTimeOffset>
{
    private const byte MicrosecondDecimals = 6;

    /// <inheritdoc/>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Microseconds.FromUnixMicroseconds((long)decimal.Round(reader.GetDecimal() * 1_000_000m));

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        var microseconds = value.ToUnixMicroseconds();
        var magnitude = Math.Abs(microseconds);
        writer.WriteNumberValue(new decimal((int)magnitude, (int)(magnitude >> 32), 0, microseconds < 0, MicrosecondDecimals));
    }
}

/// <summary>Time as the classic dialect shows it: ISO 8601, UTC, six decimals, <c>Z</c>.</summary>
[Description("ISO 8601, UTC, with six decimals.")]
public sealed class IsoTimestampConverter : JsonConverter<DateTimeOffset>
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    /// <inheritdoc/>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset().ToWholeMicroseconds();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        Span<char> text = stackalloc char[32];
        value.UtcDateTime.TryFormat(text, out var length, Format, CultureInfo.InvariantCulture);
        writer.WriteStringValue(text[..length]);
    }
}
