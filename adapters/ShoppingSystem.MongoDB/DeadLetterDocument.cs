using MongoDB.Bson;
using MongoDB.Driver;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.MongoDB;

/// <summary>A dead letter as a document of the collection <c>dead_letters</c>.</summary>
internal static class DeadLetterDocument
{
    public const string Collection = "dead_letters";

    private const string Id = "_id";
    private const string Reason = "reason";
    private const string FailedAt = "failedAt";
    private const string FailedMicros = "failedMicros";
    private const string Topic = "topic";
    private const string Partition = "partition";
    private const string Offset = "offset";
    private const string AppendedAt = "appendedAt";
    private const string AppendedMicros = "appendedMicros";
    private const string Value = "value";
    private const string TraceParent = "traceparent";

    /// <summary>The order in which operators see them: the latest failure first.</summary>
    public static BsonDocument Index { get; } = new() { { FailedAt, -1 }, { FailedMicros, -1 }, { Id, -1 } };

    /// <summary>What failed before <paramref name="cursor"/>: one range of the index, without newer ones of its millisecond.</summary>
    public static BsonDocument Before(PageCursor cursor)
    {
        var failed = BsonTime.From(cursor.Timestamp);
        return new BsonDocument
        {
            { FailedAt, new BsonDocument("$lte", failed.Date) },
            {
                "$or", new BsonArray
                {
                    new BsonDocument(FailedAt, new BsonDocument("$lt", failed.Date)),
                    new BsonDocument(FailedMicros, new BsonDocument("$lt", failed.Micros)),
                    new BsonDocument { { FailedMicros, failed.Micros }, { Id, new BsonDocument("$lt", PurchaseDocument.ToBson(cursor.Id)) } },
                }
            },
        };
    }

    public static BsonDocument WithId(Guid id) => new(Id, PurchaseDocument.ToBson(id));

    /// <summary>Inserts the letter if its id is unknown, and changes nothing if it is known.</summary>
    public static UpdateOneModel<BsonDocument> ToUpsert(DeadLetter letter)
    {
        var failed = BsonTime.From(letter.FailedAt);
        var appended = BsonTime.From(letter.Event.AppendedAt);
        var fields = new BsonDocument
        {
            { Reason, letter.Reason },
            { FailedAt, failed.Date },
            { FailedMicros, failed.Micros },
            { Topic, letter.Event.Topic },
            { Partition, letter.Event.Partition },
            { Offset, letter.Event.Offset },
            { AppendedAt, appended.Date },
            { AppendedMicros, appended.Micros },
            { Value, new BsonBinaryData(letter.Event.Value.ToArray()) },
        };
        if (letter.Event.TraceParent is { } traceParent)
        {
            fields.Add(TraceParent, traceParent);
        }

        return new UpdateOneModel<BsonDocument>(WithId(letter.Id), new BsonDocument("$setOnInsert", fields)) { IsUpsert = true };
    }

    public static DeadLetter Read(BsonDocument document) => new(
        document[Id].AsBsonBinaryData.ToGuid(GuidRepresentation.Standard),
        document[Reason].AsString,
        BsonTime.Read(document[FailedAt], document[FailedMicros]),
        new FeedEvent(
            document[Topic].AsString,
            document[Partition].ToInt32(),
            document[Offset].ToInt64(),
            BsonTime.Read(document[AppendedAt], document[AppendedMicros]),
            document[Value].AsBsonBinaryData.Bytes,
            document.TryGetValue(TraceParent, out var traceParent) ? traceParent.AsString : null));
}
