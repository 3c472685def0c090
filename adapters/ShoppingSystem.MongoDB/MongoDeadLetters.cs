using MongoDB.Bson;
using MongoDB.Driver;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.MongoDB;

/// <summary>Dead letters in the collection <c>dead_letters</c>.</summary>
internal sealed class MongoDeadLetters(IMongoDatabase database) : IDeadLetters
{
    private static readonly BulkWriteOptions Unordered = new() { IsOrdered = false };

    private readonly IMongoCollection<BsonDocument> _letters =
        database.GetCollection<BsonDocument>(DeadLetterDocument.Collection).WithWriteConcern(Durability.WriteConcern);

    public async ValueTask<int> AddAsync(IReadOnlyList<DeadLetter> letters, CancellationToken cancellationToken = default)
    {
        if (letters.Count == 0)
        {
            return 0;
        }

        return await ErrorTexts.ShortenAsync(async () =>
        {
            try
            {
                var result = await _letters.BulkWriteAsync(letters.Select(DeadLetterDocument.ToUpsert), Unordered, cancellationToken);
                return result.Upserts.Count;
            }
            catch (MongoBulkWriteException<BsonDocument> e) when (
                Refusal.ExplainsAllOf(e) && e.WriteErrors.All(error => error.Category is ServerErrorCategory.DuplicateKey))
            {
                return e.Result.Upserts.Count;
            }
        });
    }

    public async ValueTask<DeadLetterPage> ListAsync(int limit, PageCursor? before = null, CancellationToken cancellationToken = default)
    {
        var filter = before is { } cursor ? DeadLetterDocument.Before(cursor) : new BsonDocument();
        var documents = await ErrorTexts.ShortenAsync(() =>
            _letters.Find(filter).Sort(DeadLetterDocument.Index).Limit(limit + 1).ToListAsync(cancellationToken));
        var letters = documents.Take(limit).Select(DeadLetterDocument.Read).ToList();
        return new DeadLetterPage(letters, documents.Count > limit ? PageCursor.After(letters[^1]) : null);
    }

    public async ValueTask<DeadLetter?> FindAsync(Guid id, CancellationToken cancellationToken = default) =>
        await ErrorTexts.ShortenAsync(() => _letters.Find(DeadLetterDocument.WithId(id)).SingleOrDefaultAsync(cancellationToken)) is { } document
            ? DeadLetterDocument.Read(document)
            : null;

    public async ValueTask<bool> RemoveAsync(Guid id, CancellationToken cancellationToken = default) =>
        (await ErrorTexts.ShortenAsync(() => _letters.DeleteOneAsync(DeadLetterDocument.WithId(id), cancellationToken))).DeletedCount == 1;

    public async ValueTask<long> CountAsync(CancellationToken cancellationToken = default) =>
        await ErrorTexts.ShortenAsync(() => _letters.CountDocumentsAsync(new BsonDocument(), cancellationToken: cancellationToken));
}
