using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ShoppingSystem.Purchases;

/// <summary>
/// A purchase as the value of an event: UTF-8 JSON, one line. Writing is strict; reading is tolerant, because other producers
/// write to the same topic. <c>docs/events.md</c> lists the forms that are read.
/// </summary>
public static class PurchaseEvent
{
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

    /// <summary>The same as <see cref="Write"/>, in an array of its own.</summary>
    public static byte[] ToBytes(Purchase purchase) => JsonSerializer.SerializeToUtf8Bytes(PurchaseV1.From(purchase), PurchaseJson.Readable.PurchaseV1);

    /// <summary>
    /// Reads an event into a purchase that follows <see cref="PurchaseRules"/>. If the event has no id or no timestamp, they
    /// are taken from its position in the log (see <see cref="PurchaseId.FromPosition"/>).
    /// </summary>
    /// <returns>False when the event can't be decoded; then <paramref name="reason"/> says why.</returns>
    public static bool TryRead(
        in FeedEvent source, [NotNullWhen(true)] out Purchase? purchase, [NotNullWhen(false)] out string? reason)
    {
        purchase = null;
        try
        {
            var fields = new EventFields();
            fields.Read(source.Value.Span);
            reason = fields.Problem;
            if (reason is null)
            {
                purchase = fields.ToPurchase(source);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            reason = $"not valid JSON: {(source.Value.IsEmpty ? "the event is empty" : e.Message)}";
        }

        return reason is null;
    }
}
