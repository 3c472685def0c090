using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>A command under way, and the state that it works on.</summary>
internal sealed record Call(Request Request, Fault? Fault, Databases Databases, Cursors Cursors, RetriedWrites RetriedWrites)
{
    /// <summary>Fields that any command may have; none of them changes the behaviour of this server.</summary>
    private static readonly HashSet<string> Common =
    [
        "$db", "$readPreference", "$clusterTime", "lsid", "txnNumber", "writeConcern", "readConcern", "comment", "maxTimeMS", "apiVersion",
        "apiStrict", "apiDeprecationErrors",
    ];

    public BsonDocument Command => Request.Command;

    public string CollectionName => Request.Collection is { Length: > 0 } name
        ? name
        : throw new CommandException(73, $"the command {Request.Name} needs the name of a collection");

    public string FullName => $"{Request.Database}.{CollectionName}";

    /// <summary>The collection; null when it doesn't exist.</summary>
    public Collection? Existing => Databases.Find(Request.Database, CollectionName);

    public Collection GetOrCreate() => Databases.GetOrCreate(Request.Database, CollectionName);

    /// <exception cref="CommandException">The command has another field, which this server does not support.</exception>
    public void Allow(params ReadOnlySpan<string> fields) => Allow(Command, Request.Name, fields);

    public static void Allow(BsonDocument document, string name, params ReadOnlySpan<string> fields)
    {
        foreach (var field in document.Names)
        {
            if (field != name && !Common.Contains(field) && !fields.Contains(field))
            {
                throw new CommandException(ErrorCodes.UnknownField, $"BSON field '{name}.{field}' is an unknown field. It is not played here.");
            }
        }
    }

    public bool Flag(string name, bool byDefault = false) => Command.TryGetValue(name, out var value) ? value.ToBoolean() : byDefault;

    public int? Number(string name) => Command.TryGetValue(name, out var value) ? value.ToInt32() : null;

    public BsonDocument Document(string name) => Command.TryGetValue(name, out var value) ? value.AsBsonDocument : [];
}
