using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>Results that clients have not fetched yet. A cursor is a snapshot, and exists until it is read to its end or closed.</summary>
internal sealed class Cursors
{
    private const int FirstBatch = 101;

    private readonly Dictionary<long, Queue<BsonDocument>> _open = [];
    private long _last;

    /// <summary>The reply to a command that reads: the first batch, and the cursor for the rest.</summary>
    public BsonDocument Open(string collection, IEnumerable<BsonDocument> documents, int? batchSize, bool onlyOneBatch)
    {
        var rest = new Queue<BsonDocument>(documents);
        var batch = Take(rest, batchSize ?? FirstBatch);
        var id = 0L;
        if (rest.Count > 0 && !onlyOneBatch)
        {
            _open.Add(id = ++_last, rest);
        }

        return Reply(collection, id, "firstBatch", batch);
    }

    public BsonDocument More(string collection, long id, int? batchSize)
    {
        if (!_open.TryGetValue(id, out var rest))
        {
            throw new CommandException(ErrorCodes.CursorNotFound, $"cursor id {id} not found");
        }

        var batch = Take(rest, batchSize ?? int.MaxValue);
        if (rest.Count == 0)
        {
            _open.Remove(id);
            id = 0;
        }

        return Reply(collection, id, "nextBatch", batch);
    }

    public bool Close(long id) => _open.Remove(id);

    private static BsonArray Take(Queue<BsonDocument> rest, int most)
    {
        var batch = new BsonArray();
        while (batch.Count < most && rest.TryDequeue(out var document))
        {
            batch.Add(document);
        }

        return batch;
    }

    private static BsonDocument Reply(string collection, long id, string name, BsonArray batch) =>
        new("cursor", new BsonDocument { { name, batch }, { "id", id }, { "ns", collection } });
}
