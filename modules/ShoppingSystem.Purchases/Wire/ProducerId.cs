using System.Text.Json;

namespace ShoppingSystem.Purchases;

/// <summary>An id as an event gives it: a UUID, or any other text that the producer uses.</summary>
/// <param name="Uuid">The UUID, if it is one.</param>
/// <param name="Foreign">The text, if it is not a UUID.</param>
internal readonly record struct ProducerId(Guid? Uuid, string? Foreign)
{
    /// <summary>Reads the value at the reader's position, and moves to its end.</summary>
    /// <returns>
    /// Null for the nil and the max UUID, which mean "no id", and for a value that can't be an id; then
    /// <paramref name="problem"/> says why.
    /// </returns>
    public static ProducerId? Read(ref Utf8JsonReader reader, out string? problem)
    {
        problem = null;
        if (reader.TokenType is JsonTokenType.String && reader.TryGetGuid(out var uuid))
        {
            return OfUuid(uuid);
        }

        var text = JsonText.Read(ref reader);
        if (Guid.TryParse(text, out uuid))
        {
            return OfUuid(uuid);
        }

        problem = text is null ? "is neither text nor a number" : PurchaseRules.CheckForeignId(text);
        return problem is null ? new(null, text) : null;
    }

    private static ProducerId? OfUuid(Guid uuid) => PurchaseId.IsNone(uuid) ? null : new(uuid, null);
}
