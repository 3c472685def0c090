using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>The error with which a command, or one document of a write, is refused.</summary>
internal sealed class CommandException(int code, string message, BsonDocument? details = null) : Exception(message)
{
    public int Code => code;

    /// <summary>Further fields of the error.</summary>
    public BsonDocument Details { get; } = details ?? [];

    public static CommandException DuplicateKey(string collection, string index, BsonDocument keys, BsonDocument values) => new(
        ErrorCodes.DuplicateKey,
        $"E11000 duplicate key error collection: {collection} index: {index} dup key: {values}",
        new BsonDocument { { "keyPattern", keys }, { "keyValue", values } });
}
