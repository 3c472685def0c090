using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ShoppingSystem.Purchases;

/// <summary>
/// A purchase as the value of an event: UTF-8 JSON, one line. Writing is strict, reading is tolerant, because other
/// producers write to the same topic. The forms that are read are listed in <c>docs/events.md</c>.
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
