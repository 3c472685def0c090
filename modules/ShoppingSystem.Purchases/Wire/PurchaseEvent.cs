using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ShoppingSystem.Purchases;

/// <summary>
/// A purchase as the value of an event: UTF-8 JSON, one line. Writing is strict, reading is tolerant, because other
/// producers write to the same topic: field names in any case (<c>userId</c>, <c>userid</c>), timestamps as epoch seconds,
/// epoch milliseconds or ISO 8601, numbers as numbers or text, fields we don't know.
/// </summary>
public static class PurchaseEvent
{
    // From here on an epoch timestamp must mean milliseconds: as seconds it would be the year 5138.
    private const decimal FirstEpochMilliseconds = 100_000_000_000m;

    // 0001-01-01T00:00:00Z as epoch seconds.
    private const decimal Earliest = -62_135_596_800m;

    private static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    [ThreadStatic]
    private static Utf8JsonWriter? t_writer;

    /// <summary>Writes <paramref name="purchase"/> to <paramref name="output"/>, without a line break.</summary>
    public static void Write(IBufferWriter<byte> output, Purchase purchase)
    {
        var writer = t_writer ??= new Utf8JsonWriter(output, WriterOptions);
        writer.Reset(output);
        JsonSerializer.Serialize(writer, PurchaseV1.From(purchase), PurchaseJson.Readable.PurchaseV1);
        writer.Flush();
    }

    /// <summary>
    /// Reads an event into a purchase that keeps <see cref="PurchaseRules"/>. What an event leaves out is taken from its
    /// place in the log: the id (see <see cref="PurchaseId.FromPosition"/>) and the timestamp.
    /// </summary>
    /// <returns>False when the event can't be understood; then <paramref name="reason"/> says why.</returns>
    public static bool TryRead(
        in FeedEvent source, [NotNullWhen(true)] out Purchase? purchase, [NotNullWhen(false)] out string? reason)
    {
        purchase = null;
        try
        {
            var fields = Fields.Read(source.Value.Span);
            reason = fields.Problem;
            if (reason is null)
            {
                purchase = new Purchase(
                    fields.Id ?? PurchaseId.FromPosition(source.Topic, source.Partition, source.Offset, source.AppendedAt),
                    fields.UserId!, fields.Username!, fields.Price!.Value, fields.Item,
                    (fields.Timestamp ?? source.AppendedAt).ToWholeMicroseconds());
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            reason = $"not valid JSON: {(source.Value.IsEmpty ? "the event is empty" : e.Message)}";
        }

        return reason is null;
    }

    private ref struct Fields
    {
        public Guid? Id;
        public string? UserId;
        public string? Username;
        public decimal? Price;
        public string? Item;
        public DateTimeOffset? Timestamp;
        private string? _misread;

        public readonly string? Problem =>
            _misread
            ?? Complaint("userid", PurchaseRules.CheckText(UserId))
            ?? Complaint("username", PurchaseRules.CheckText(Username))
            ?? Complaint("price", PurchaseRules.CheckPrice(Price))
            ?? Complaint("item", PurchaseRules.CheckOptionalText(Item));

        public static Fields Read(ReadOnlySpan<byte> json)
        {
            var fields = new Fields();
            var reader = new Utf8JsonReader(json);
            reader.Read();
            if (reader.TokenType is not JsonTokenType.StartObject)
            {
                fields._misread = "not a JSON object";
                reader.Skip();
            }

            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.PropertyName)
                {
                    var field = Name(ref reader);
                    reader.Read();
                    fields.Take(field, ref reader);
                }
            }

            return fields;
        }

        private void Take(string? field, ref Utf8JsonReader reader)
        {
            switch (field)
            {
                case null:
                    reader.Skip();
                    break;
                case var _ when reader.TokenType is JsonTokenType.Null:
                    break;
                case "id":
                    Id = Guid.TryParse(Text(ref reader), out var id) ? (PurchaseId.IsNone(id) ? null : id) : Misread<Guid>("id is not a UUID");
                    break;
                case "userid":
                    UserId = Text(ref reader) ?? Misread("userid is not text");
                    break;
                case "username":
                    Username = Text(ref reader) ?? Misread("username is not text");
                    break;
                case "item":
                    Item = Text(ref reader) ?? Misread("item is not text");
                    break;
                case "price":
                    Price = Number(ref reader) ?? Misread<decimal>("price is not a number");
                    break;
                case "timestamp":
                    Timestamp = Time(ref reader) ?? Misread<DateTimeOffset>("timestamp is neither epoch seconds nor ISO 8601");
                    break;
            }
        }

        private static readonly string[] Known = ["id", "userid", "username", "price", "item", "timestamp"];

        private static string? Name(ref Utf8JsonReader reader)
        {
            foreach (var known in Known)
            {
                if (reader.ValueTextEquals(known))
                {
                    return known;
                }
            }

            var name = reader.GetString();
            return Array.Find(Known, known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
        }

        private static string? Text(ref Utf8JsonReader reader)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.String:
                    return reader.GetString();
                case JsonTokenType.Number:
                    return System.Text.Encoding.UTF8.GetString(reader.ValueSpan);
                default:
                    reader.Skip();
                    return null;
            }
        }

        private static decimal? Number(ref Utf8JsonReader reader)
        {
            if (reader.TokenType is JsonTokenType.Number)
            {
                return reader.TryGetDecimal(out var number) ? number : null;
            }

            return decimal.TryParse(Text(ref reader), NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed) ? parsed : null;
        }

        private static DateTimeOffset? Time(ref Utf8JsonReader reader)
        {
            if (reader.TokenType is JsonTokenType.String && reader.TryGetDateTimeOffset(out var iso))
            {
                // Without an offset it is UTC, wherever this runs.
                return reader.TryGetDateTime(out var plain) && plain.Kind is DateTimeKind.Unspecified ? new(plain, TimeSpan.Zero) : iso;
            }

            if (Number(ref reader) is not { } epoch)
            {
                return null;
            }

            var seconds = Math.Abs(epoch) < FirstEpochMilliseconds ? epoch : epoch / 1000;
            return seconds is >= Earliest and < FirstEpochMilliseconds
                ? Microseconds.FromUnixMicroseconds((long)decimal.Round(seconds * 1_000_000m))
                : null;
        }

        private string? Misread(string problem)
        {
            _misread ??= problem;
            return null;
        }

        private T? Misread<T>(string problem) where T : struct
        {
            Misread(problem);
            return null;
        }

        private static string? Complaint(string field, string? complaint) => complaint is null ? null : $"{field} {complaint}";
    }
}
