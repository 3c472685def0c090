using MongoDB.Bson;
using MongoDB.Driver;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.MongoDB;

/// <summary>A purchase as a document of the collection <c>purchases</c>.</summary>
internal static class PurchaseDocument
{
    public const string Collection = "purchases";
    public const string Id = "_id";
    public const string UserId = "userid";
    public const string Username = "username";
    public const string Price = "price";
    public const string Item = "item";
    public const string Timestamp = "timestamp";
    public const string Micros = "micros";

    /// <summary>
    /// The order of a history, newest first, for each user. The price is included so that a user's totals can be computed from the
    /// index alone.
    /// </summary>
    public static BsonDocument Index { get; } = new() { { UserId, 1 }, { Timestamp, -1 }, { Micros, -1 }, { Id, -1 }, { Price, 1 } };

    /// <summary>The part of <see cref="Index"/> that puts one user's purchases in order.</summary>
    public static BsonDocument NewestFirst { get; } = new() { { Timestamp, -1 }, { Micros, -1 }, { Id, -1 } };

    public static BsonBinaryData ToBson(Guid id) => new(id, GuidRepresentation.Standard);

    /// <summary>
    /// Inserts the purchase if its id is unknown, and changes nothing if it is known. The filter contains the user so that
    /// the write goes to one shard when the collection is sharded by user.
    /// </summary>
    public static UpdateOneModel<BsonDocument> ToUpsert(Purchase purchase)
    {
        var time = BsonTime.From(purchase.Timestamp);
        var fields = new BsonDocument
        {
            { Username, purchase.Username },
            { Price, new BsonDecimal128(new Decimal128(purchase.Price)) },
            { Timestamp, time.Date },
            { Micros, time.Micros },
        };
        if (purchase.Item is not null)
        {
            fields.Add(Item, purchase.Item);
        }

        return new UpdateOneModel<BsonDocument>(
            new BsonDocument { { Id, ToBson(purchase.Id) }, { UserId, purchase.UserId } },
            new BsonDocument("$setOnInsert", fields))
        {
            IsUpsert = true,
        };
    }

    /// <summary>
    /// Reads any document that <see cref="Of"/> finds, including those that other programs wrote without some of our fields or with other
    /// types.
    /// </summary>
    public static Purchase Read(BsonDocument document) => new(
        ReadId(document[Id]),
        document[UserId].ToString()!,
        Text(document, Username) ?? "",
        document[Price].ToDecimal(),
        Text(document, Item),
        BsonTime.Read(document[Timestamp], document.GetValue(Micros, BsonNull.Value)));

    /// <summary>
    /// Why <paramref name="purchase"/> can't be recorded when the documents <paramref name="recorded"/> have its id; null when it is one of
    /// them. There may be several in a sharded collection: a shard knows only the ids of its own users.
    /// </summary>
    public static string? Conflict(Purchase purchase, IReadOnlyList<BsonDocument> recorded)
    {
        var document = recorded.FirstOrDefault(document => document.GetValue(UserId, BsonNull.Value) == purchase.UserId) ?? recorded[0];
        return TryRead(document) is { } other ? purchase.ConflictWith(other) : $"a document that is no purchase has the id {purchase.Id}";
    }

    private static Purchase? TryRead(BsonDocument document)
    {
        try
        {
            return Read(document);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidCastException or OverflowException or FormatException or NotSupportedException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>
    /// A user's purchases. A document without a valid time and a valid price is not a purchase, whoever wrote it; if it were included, the
    /// whole history could not be read. A comparison matches values of its own type only, and the index contains both fields.
    /// </summary>
    public static BsonDocument Of(string userId) => new()
    {
        { UserId, userId },
        { Timestamp, Between(BsonTime.From(DateTimeOffset.MinValue).Date, BsonTime.From(DateTimeOffset.MaxValue).Date) },
        { Price, Between(new BsonDecimal128(0m), new BsonDecimal128(PurchaseRules.MaxPrice)) },
    };

    /// <summary>Purchases older than <paramref name="cursor"/>: one range of the index, without newer ones of its millisecond.</summary>
    public static BsonDocument Before(string userId, PageCursor cursor)
    {
        var time = BsonTime.From(cursor.Timestamp);
        var older = Of(userId);
        older[Timestamp]["$lte"] = time.Date;
        return older.Add("$or", new BsonArray
        {
            new BsonDocument(Timestamp, new BsonDocument("$lt", time.Date)),
            new BsonDocument(Micros, new BsonDocument("$lt", time.Micros)),
            new BsonDocument { { Micros, time.Micros }, { Id, new BsonDocument("$lt", ToBson(cursor.Id)) } },
        });
    }

    private static BsonDocument Between(BsonValue least, BsonValue most) => new() { { "$gte", least }, { "$lte", most } };

    private static Guid ReadId(BsonValue id) => id is BsonBinaryData { SubType: BsonBinarySubType.UuidStandard } uuid
        ? uuid.ToGuid(GuidRepresentation.Standard)
        : PurchaseId.FromForeignId($"{id.BsonType}\0{id}");

    private static string? Text(BsonDocument document, string field) =>
        document.TryGetValue(field, out var text) && !text.IsBsonNull ? text.ToString() : null;
}
