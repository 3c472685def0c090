using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>Documents in the order of their arrival, and their indexes.</summary>
/// <param name="fullName">The database's and the collection's name: <c>shopping.purchases</c>.</param>
internal sealed class Collection(string fullName)
{
    public const string IdIndex = "_id_";

    private readonly SortedDictionary<long, BsonDocument> _documents = [];
    private readonly List<OrderedIndex> _indexes = [new(fullName, IdIndex, new BsonDocument("_id", 1), unique: true)];
    private Filter? _validator;
    private long _records;

    public string FullName => fullName;

    public int Count => _documents.Count;

    public IReadOnlyList<OrderedIndex> Indexes => _indexes;

    /// <summary>The filter that every document has to match; null when there is none.</summary>
    public BsonDocument? Validator
    {
        get;
        set => (field, _validator) = (value, value is null ? null : new Filter(value));
    }

    /// <summary>The documents that match, with their records; uses an index if the filter gives the value of its first field.</summary>
    public IEnumerable<KeyValuePair<long, BsonDocument>> Find(Filter filter) =>
        Narrowed(filter).Where(record => filter.Matches(record.Value));

    public void Insert(BsonDocument document)
    {
        if (!document.Contains("_id"))
        {
            document.InsertAt(0, new BsonElement("_id", ObjectId.GenerateNewId()));
        }

        if (document["_id"] is BsonArray or BsonRegularExpression or BsonUndefined)
        {
            throw new CommandException(ErrorCodes.BadValue, $"The '_id' value cannot be of type {document["_id"].BsonType}");
        }

        Put(++_records, document);
    }

    public void Replace(KeyValuePair<long, BsonDocument> old, BsonDocument document)
    {
        Check(old.Key, document);
        Remove(old);
        Put(old.Key, document);
    }

    public void Remove(KeyValuePair<long, BsonDocument> old)
    {
        _indexes.ForEach(index => index.Remove(old.Value, old.Key));
        _documents.Remove(old.Key);
    }

    public void AddIndex(OrderedIndex index)
    {
        foreach (var (record, document) in _documents)
        {
            index.Check(document, record);
            index.Add(document, record);
        }

        _indexes.Add(index);
    }

    public bool RemoveIndex(string name) => _indexes.RemoveAll(index => index.Name == name) > 0;

    private IEnumerable<KeyValuePair<long, BsonDocument>> Narrowed(Filter filter) =>
        _indexes.Find(index => filter.Equalities.TryGetValue(index.FirstField, out var value) && value is not BsonArray) is { } found
            ? found.Records(filter.Equalities[found.FirstField]).Select(record => KeyValuePair.Create(record, _documents[record]))
            : _documents;

    private void Put(long record, BsonDocument document)
    {
        Check(record, document);
        _documents.Add(record, document);
        _indexes.ForEach(index => index.Add(document, record));
    }

    private void Check(long record, BsonDocument document)
    {
        if (_validator?.Matches(document) == false)
        {
            throw new CommandException(
                ErrorCodes.DocumentValidationFailure, "Document failed validation",
                new BsonDocument("errInfo", new BsonDocument("failingDocumentId", document["_id"])));
        }

        _indexes.ForEach(index => index.Check(document, record));
    }
}
