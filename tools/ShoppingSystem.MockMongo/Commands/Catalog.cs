using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>The commands about databases, collections and indexes.</summary>
internal static class Catalog
{
    public static BsonDocument ListDatabases(Call call)
    {
        call.Allow("filter", "nameOnly", "authorizedDatabases");
        var filter = new Filter(call.Document("filter"));
        var databases = call.Databases.Names.Select(name => new BsonDocument { { "name", name }, { "empty", false } }).Where(filter.Matches);
        return new BsonDocument("databases", new BsonArray(databases));
    }

    public static BsonDocument ListCollections(Call call)
    {
        call.Allow("filter", "nameOnly", "authorizedCollections", "cursor");
        var filter = new Filter(call.Document("filter"));
        var collections = call.Databases.In(call.Request.Database).Select(entry => new BsonDocument
        {
            { "name", entry.Key },
            { "type", "collection" },
            { "options", entry.Value.Validator is { } validator ? new BsonDocument("validator", validator) : [] },
        });
        return call.Cursors.Open($"{call.Request.Database}.$cmd.listCollections", collections.Where(filter.Matches), null, onlyOneBatch: false);
    }

    public static BsonDocument Create(Call call)
    {
        call.Allow("validator");
        if (call.Existing is not null)
        {
            throw new CommandException(ErrorCodes.NamespaceExists, $"Collection {call.FullName} already exists.");
        }

        call.GetOrCreate().Validator = call.Command.TryGetValue("validator", out var validator) ? validator.AsBsonDocument : null;
        return [];
    }

    public static BsonDocument Modify(Call call)
    {
        call.Allow("validator");
        var collection = Existing(call);
        if (call.Command.TryGetValue("validator", out var validator))
        {
            collection.Validator = validator.AsBsonDocument.ElementCount > 0 ? validator.AsBsonDocument : null;
        }

        return [];
    }

    public static BsonDocument Drop(Call call)
    {
        call.Allow();
        call.Databases.Drop(call.Request.Database, call.CollectionName);
        return new BsonDocument("ns", call.FullName);
    }

    public static BsonDocument DropDatabase(Call call)
    {
        call.Allow();
        call.Databases.Drop(call.Request.Database);
        return new BsonDocument("dropped", call.Request.Database);
    }

    public static BsonDocument CreateIndexes(Call call)
    {
        call.Allow("indexes", "commitQuorum");
        var creates = call.Existing is null;
        var collection = call.GetOrCreate();
        var before = collection.Indexes.Count;
        foreach (var wanted in call.Command["indexes"].AsBsonArray.Cast<BsonDocument>())
        {
            Call.Allow(wanted, "indexes", "key", "name", "unique", "v", "background");
            var index = new OrderedIndex(call.FullName, wanted["name"].AsString, wanted["key"].AsBsonDocument, wanted.GetValue("unique", false).ToBoolean());
            if (!IsThere(collection, index))
            {
                collection.AddIndex(index);
            }
        }

        return new BsonDocument
        {
            { "numIndexesBefore", before },
            { "numIndexesAfter", collection.Indexes.Count },
            { "createdCollectionAutomatically", creates },
        };
    }

    public static BsonDocument ListIndexes(Call call)
    {
        call.Allow("cursor");
        return call.Cursors.Open(call.FullName, Existing(call).Indexes.Select(index => index.Describe()), null, onlyOneBatch: false);
    }

    public static BsonDocument DropIndexes(Call call)
    {
        call.Allow("index");
        var collection = Existing(call);
        var before = collection.Indexes.Count;
        var wanted = call.Command["index"];
        foreach (var index in collection.Indexes.Where(index => index.Name != Collection.IdIndex && (wanted == "*" || wanted == index.Name || wanted == index.Keys)).ToList())
        {
            collection.RemoveIndex(index.Name);
        }

        return before == collection.Indexes.Count && wanted != "*"
            ? throw new CommandException(ErrorCodes.IndexNotFound, $"index not found: {wanted}")
            : new BsonDocument("nIndexesWas", before);
    }

    private static Collection Existing(Call call) =>
        call.Existing ?? throw new CommandException(ErrorCodes.NamespaceNotFound, $"ns does not exist: {call.FullName}");

    /// <summary>Whether this index exists already; an index that only resembles it is a conflict.</summary>
    private static bool IsThere(Collection collection, OrderedIndex index)
    {
        if (collection.Indexes.FirstOrDefault(other => other.Name == index.Name) is { } namesake)
        {
            return namesake.Keys != index.Keys
                ? throw new CommandException(
                    ErrorCodes.IndexKeySpecsConflict, $"An existing index has the same name as the requested index: {index.Describe()}, existing: {namesake.Describe()}")
                : namesake.Unique == index.Unique ? true : throw Conflict(namesake);
        }

        return collection.Indexes.FirstOrDefault(other => other.Keys == index.Keys) is { } twin ? throw Conflict(twin) : false;

        CommandException Conflict(OrderedIndex other) => new(
            ErrorCodes.IndexOptionsConflict, $"Index already exists with a different name or options: {other.Describe()}, requested: {index.Describe()}");
    }
}
