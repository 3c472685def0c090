using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>A command as it arrived; documents in separate sections (of kind 1) are arrays in it.</summary>
/// <param name="Id">The number that the answer refers to.</param>
/// <param name="Command">The command; its first field is its name.</param>
/// <param name="Legacy">It arrived as OP_QUERY, as the first <c>isMaster</c> of a connection does, and is answered by OP_REPLY.</param>
/// <param name="Unacknowledged">The client waits for no answer (<c>moreToCome</c>).</param>
/// <param name="MayAnswerOnAndOn">The client accepts several answers (<c>exhaustAllowed</c>).</param>
internal sealed record Request(int Id, BsonDocument Command, bool Legacy, bool Unacknowledged, bool MayAnswerOnAndOn)
{
    public string Name => Command.ElementCount > 0 ? Command.GetElement(0).Name : "";

    public string Database => Command.TryGetValue("$db", out var name) && name.IsString ? name.AsString : "admin";

    /// <summary>The collection of the command; null when it has none.</summary>
    public string? Collection => Command.ElementCount > 0 && Command[0].IsString ? Command[0].AsString : null;
}
