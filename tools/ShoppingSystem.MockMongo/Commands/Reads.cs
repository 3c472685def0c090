using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>The commands that read documents.</summary>
internal static class Reads
{
    public static BsonDocument Find(Call call)
    {
        call.Allow("filter", "sort", "projection", "skip", "limit", "batchSize", "singleBatch", "hint", "allowDiskUse", "noCursorTimeout", "allowPartialResults");
        var projection = call.Document("projection");
        var found = new SortOrder(call.Document("sort")).Apply(Matching(call, call.Document("filter")));
        found = found.Skip(call.Number("skip") ?? 0);
        found = call.Number("limit") is > 0 and var limit ? found.Take(limit) : found;
        found = projection.ElementCount > 0 ? found.Select(new Projection(projection).Apply) : found;
        return call.Cursors.Open(call.FullName, found, call.Number("batchSize"), call.Flag("singleBatch"));
    }

    public static BsonDocument Aggregate(Call call)
    {
        call.Allow("pipeline", "cursor", "allowDiskUse", "hint");
        var stages = call.Command["pipeline"].AsBsonArray;
        // Only a filter in the first stage may use an index.
        var first = stages.FirstOrDefault() is BsonDocument stage && stage.TryGetValue("$match", out var match) ? match.AsBsonDocument : [];
        var result = Pipeline.Run(Matching(call, first), stages);
        var batchSize = call.Document("cursor").TryGetValue("batchSize", out var size) ? size.ToInt32() : (int?)null;
        return call.Cursors.Open(call.FullName, result, batchSize, onlyOneBatch: false);
    }

    public static BsonDocument Count(Call call)
    {
        call.Allow("query", "limit", "skip", "hint", "fields");
        var count = Math.Max(0, Matching(call, call.Document("query")).Count() - (call.Number("skip") ?? 0));
        return new BsonDocument("n", call.Number("limit") is > 0 and var limit ? Math.Min(count, limit) : count);
    }

    public static BsonDocument GetMore(Call call)
    {
        call.Allow("collection", "batchSize");
        return call.Cursors.More($"{call.Request.Database}.{call.Command["collection"].AsString}", call.Command[0].ToInt64(), call.Number("batchSize"));
    }

    public static BsonDocument KillCursors(Call call)
    {
        call.Allow("cursors");
        var byOutcome = call.Command["cursors"].AsBsonArray.ToLookup(id => call.Cursors.Close(id.ToInt64()));
        return new BsonDocument
        {
            { "cursorsKilled", new BsonArray(byOutcome[true]) },
            { "cursorsNotFound", new BsonArray(byOutcome[false]) },
            { "cursorsAlive", new BsonArray() },
            { "cursorsUnknown", new BsonArray() },
        };
    }

    private static IEnumerable<BsonDocument> Matching(Call call, BsonDocument filter)
    {
        var conditions = new Filter(filter);
        return call.Existing?.Find(conditions).Select(record => record.Value) ?? [];
    }
}
