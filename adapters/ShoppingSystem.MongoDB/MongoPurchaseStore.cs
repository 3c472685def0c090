using MongoDB.Bson;
using MongoDB.Driver;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.MongoDB;

/// <summary>The record of purchases in the collection <c>purchases</c>.</summary>
internal sealed class MongoPurchaseStore(IMongoDatabase database) : IPurchaseStore
{
    private static readonly BulkWriteOptions Unordered = new() { IsOrdered = false };

    private readonly IMongoCollection<BsonDocument> _purchases =
        database.GetCollection<BsonDocument>(PurchaseDocument.Collection).WithWriteConcern(Durability.WriteConcern);

    public async ValueTask<RecordResult> RecordAsync(IReadOnlyList<Purchase> purchases, CancellationToken cancellationToken = default)
    {
        if (purchases.Count == 0)
        {
            return new RecordResult(0, 0, []);
        }

        return await Trouble.InShortAsync(async () =>
        {
            try
            {
                var result = await _purchases.BulkWriteAsync(purchases.Select(PurchaseDocument.ToUpsert), Unordered, cancellationToken);
                return new RecordResult(result.Upserts.Count, purchases.Count - result.Upserts.Count, []);
            }
            catch (MongoBulkWriteException<BsonDocument> e) when (Refusal.ExplainsAllOf(e))
            {
                var refused = await RefusedAsync(purchases, e.WriteErrors, cancellationToken);
                var recorded = e.Result.Upserts.Count;
                return new RecordResult(recorded, purchases.Count - recorded - refused.Count, refused);
            }
        });
    }

    public async ValueTask<PurchasePage> ReadHistoryAsync(
        string userId, int limit, PurchaseCursor? before = null, CancellationToken cancellationToken = default)
    {
        var filter = before is { } cursor ? PurchaseDocument.Before(userId, cursor) : PurchaseDocument.Of(userId);
        var documents = await Trouble.InShortAsync(() =>
            _purchases.Find(filter).Sort(PurchaseDocument.NewestFirst).Limit(limit + 1).ToListAsync(cancellationToken));
        var purchases = documents.Take(limit).Select(PurchaseDocument.Read).ToList();
        return new PurchasePage(purchases, documents.Count > limit ? PurchaseCursor.After(purchases[^1]) : null);
    }

    public async ValueTask<PurchaseSummary> SummarizeAsync(string userId, CancellationToken cancellationToken = default)
    {
        var figures = await Trouble.InShortAsync(() => _purchases.Aggregate()
            .Match(PurchaseDocument.Of(userId))
            .Sort(PurchaseDocument.NewestFirst)
            .Group(Figures.Group)
            .SingleOrDefaultAsync(cancellationToken));
        return figures is null ? new PurchaseSummary(userId, 0, 0m, null, null) : Figures.Read(userId, figures);
    }

    public async ValueTask<long> CountAsync(CancellationToken cancellationToken = default) =>
        await Trouble.InShortAsync(() => _purchases.EstimatedDocumentCountAsync(cancellationToken: cancellationToken));

    // "Duplicate key" is what a purchase is told that someone else recorded in the same moment. A unique index that an
    // operator added says the same, so what it is about is looked up: what is not there was refused. It is looked up where it was
    // written, whatever the connection string says of reading: a secondary may not know it yet.
    private async Task<List<RefusedPurchase>> RefusedAsync(
        IReadOnlyList<Purchase> purchases, IReadOnlyList<BulkWriteError> errors, CancellationToken cancellationToken)
    {
        var duplicates = errors.Where(error => error.Category is ServerErrorCategory.DuplicateKey)
            .Select(error => PurchaseDocument.ToBson(purchases[error.Index].Id));
        var known = await _purchases.WithReadPreference(ReadPreference.Primary)
            .Find(new BsonDocument(PurchaseDocument.Id, new BsonDocument("$in", new BsonArray(duplicates))))
            .Project(new BsonDocument(PurchaseDocument.Id, 1))
            .ToListAsync(cancellationToken);
        var recorded = known.Select(document => document[PurchaseDocument.Id].AsBsonBinaryData).ToHashSet();
        return
        [
            .. errors.Where(error => !recorded.Contains(PurchaseDocument.ToBson(purchases[error.Index].Id)))
                .Select(error => new RefusedPurchase(error.Index, Trouble.Describe(error))),
        ];
    }

    /// <summary>A user's totals, taken along the index from the newest purchase to the oldest.</summary>
    private static class Figures
    {
        public static BsonDocument Group { get; } = new()
        {
            { "_id", BsonNull.Value },
            { "purchases", new BsonDocument("$sum", 1L) },
            { "total", new BsonDocument("$sum", $"${PurchaseDocument.Price}") },
            { "last", new BsonDocument("$first", $"${PurchaseDocument.Timestamp}") },
            { "lastMicros", new BsonDocument("$first", $"${PurchaseDocument.Micros}") },
            { "first", new BsonDocument("$last", $"${PurchaseDocument.Timestamp}") },
            { "firstMicros", new BsonDocument("$last", $"${PurchaseDocument.Micros}") },
        };

        public static PurchaseSummary Read(string userId, BsonDocument figures) => new(
            userId,
            figures["purchases"].ToInt64(),
            figures["total"].ToDecimal(),
            BsonTime.Read(figures["first"], figures["firstMicros"]),
            BsonTime.Read(figures["last"], figures["lastMicros"]));
    }
}
