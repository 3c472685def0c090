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

        return await ErrorTexts.ShortenAsync(async () =>
        {
            try
            {
                var result = await _purchases.BulkWriteAsync(purchases.Select(PurchaseDocument.ToUpsert), Unordered, cancellationToken);
                return await ResultAsync(purchases, result.Upserts, [], cancellationToken);
            }
            catch (MongoBulkWriteException<BsonDocument> e) when (Refusal.ExplainsAllOf(e))
            {
                return await ResultAsync(purchases, e.Result.Upserts, e.WriteErrors, cancellationToken);
            }
        });
    }

    public async ValueTask<PurchasePage> ReadHistoryAsync(
        string userId, int limit, PageCursor? before = null, CancellationToken cancellationToken = default)
    {
        var filter = before is { } cursor ? PurchaseDocument.Before(userId, cursor) : PurchaseDocument.Of(userId);
        var documents = await ErrorTexts.ShortenAsync(() =>
            _purchases.Find(filter).Sort(PurchaseDocument.NewestFirst).Limit(limit + 1).ToListAsync(cancellationToken));
        var purchases = documents.Take(limit).Select(PurchaseDocument.Read).ToList();
        return new PurchasePage(purchases, documents.Count > limit ? PageCursor.After(purchases[^1]) : null);
    }

    public async ValueTask<PurchaseSummary> SummarizeAsync(string userId, CancellationToken cancellationToken = default)
    {
        var figures = await ErrorTexts.ShortenAsync(() => _purchases.Aggregate()
            .Match(PurchaseDocument.Of(userId))
            .Sort(PurchaseDocument.NewestFirst)
            .Group(Figures.Group)
            .SingleOrDefaultAsync(cancellationToken));
        return figures is null ? new PurchaseSummary(userId, 0, 0m, null, null) : Figures.Read(userId, figures);
    }

    public async ValueTask<long> CountAsync(CancellationToken cancellationToken = default) =>
        await ErrorTexts.ShortenAsync(() => _purchases.EstimatedDocumentCountAsync(cancellationToken: cancellationToken));

    // Purchases that were not inserted are compared with the documents under their ids. The server reports "duplicate key" for a
    // purchase whose id another user has, or that somebody else recorded at the same moment; a unique index that an operator added
    // reports the same when the id is not there. The lookup reads where the write went, whatever the connection string says
    // about reads: a secondary may not have the write yet.
    private async Task<RecordResult> ResultAsync(
        IReadOnlyList<Purchase> purchases, IReadOnlyList<BulkWriteUpsert> inserted, IReadOnlyList<BulkWriteError> errors, CancellationToken cancellationToken)
    {
        if (inserted.Count == purchases.Count)
        {
            return new RecordResult(purchases.Count, 0, []);
        }

        var others = Enumerable.Range(0, purchases.Count).Except(inserted.Select(upsert => upsert.Index)).ToList();
        var ids = others.Select(i => PurchaseDocument.ToBson(purchases[i].Id)).Distinct();
        var found = await _purchases.WithReadPreference(ReadPreference.Primary)
            .Find(new BsonDocument(PurchaseDocument.Id, new BsonDocument("$in", new BsonArray(ids))), new FindOptions { BatchSize = others.Count })
            .ToListAsync(cancellationToken);
        var recorded = found.ToLookup(document => document[PurchaseDocument.Id].AsBsonBinaryData);
        var errorOf = errors.ToDictionary(error => error.Index);
        List<RefusedPurchase> refused = [];
        foreach (var i in others)
        {
            var candidates = recorded[PurchaseDocument.ToBson(purchases[i].Id)].ToList();
            var reason = candidates.Count > 0 ? PurchaseDocument.Conflict(purchases[i], candidates)
                : errorOf.TryGetValue(i, out var error) ? $"the store refuses it: {ErrorTexts.Describe(error)}"
                : throw new MongoException($"The purchase {purchases[i].Id} was removed while it was recorded again.");
            if (reason is not null)
            {
                refused.Add(new RefusedPurchase(i, reason));
            }
        }

        return new RecordResult(inserted.Count, others.Count - refused.Count, refused);
    }

    /// <summary>A user's totals, computed along the index from the newest purchase to the oldest.</summary>
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
