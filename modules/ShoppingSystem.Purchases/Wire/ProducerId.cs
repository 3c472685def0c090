using System.Text.Json;

namespace ShoppingSystem.Purchases;

/// <summary>An id as an event gives it: a UUID, or any other text that its producer knows it by.</summary>
/// <param name="Uuid">The UUID, when it is one.</param>
/// <param name="Foreign">The text, when it is none.</param>
internal readonly record struct ProducerId(Guid? Uuid, string? Foreign)
{
    /// <summary>Reads the value that the reader is at, and moves to its end.</summary>
    /// <returns>Null when it is no id; then <paramref name="problem"/> says why.</returns>
    public static ProducerId? Read(ref Utf8JsonReader reader, out string? problem)
    {
        problem = null;
        if (reader.TokenType is JsonTokenType.String && reader.TryGetGuid(out var uuid))
        {
            return new(uuid, null);
        }

        var text = JsonText.Read(ref reader);
        if (Guid.TryParse(text, out uuid))
        {
            return new(uuid, null);
        }

        problem = text is null ? "is neither text nor a number" : PurchaseRules.CheckForeignId(text);
        return problem is null ? new(null, text) : null;
    }
}
