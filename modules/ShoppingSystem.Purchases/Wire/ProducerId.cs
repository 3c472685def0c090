using System.Text.Json;

namespace ShoppingSystem.Purchases;

/// <summary>An id as an event gives it: a UUID, or any other text that its producer knows it by.</summary>
/// <param name="Uuid">The UUID, when it is one.</param>
/// <param name="Foreign">The text, when it is none.</param>
internal readonly record struct ProducerId(Guid? Uuid, string? Foreign)
{
    /// <summary>Reads the value that the reader is at, and moves to its end.</summary>
    /// <returns>Null for the nil and the max UUID, which are no ids, and for what can't be one; then <paramref name="problem"/> says why.</returns>
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
