using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>The order of documents by some of their fields: <c>{ a: 1, b: -1 }</c>.</summary>
internal sealed class SortOrder : IComparer<BsonDocument>
{
    private readonly List<(string Path, int Direction)> _fields;

    public SortOrder(BsonDocument sort) => _fields = [.. sort.Select(element => element.Value is { IsNumeric: true } direction && direction.ToInt32() is 1 or -1
        ? (element.Name, element.Value.ToInt32())
        : throw new CommandException(ErrorCodes.BadValue, $"a sort by {element.Name}: {element.Value} is not played, only 1 and -1"))];

    public IEnumerable<BsonDocument> Apply(IEnumerable<BsonDocument> documents) => _fields.Count == 0 ? documents : documents.Order(this);

    public int Compare(BsonDocument? x, BsonDocument? y)
    {
        foreach (var (path, direction) in _fields)
        {
            var order = direction * BsonOrder.Instance.Compare(Key(x!, path, direction), Key(y!, path, direction));
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }

    /// <summary>An array is ordered by its least element, or by its greatest when the order is descending.</summary>
    private static BsonValue Key(BsonDocument document, string path, int direction)
    {
        var values = FieldPath.Values(document, path).SelectMany(value => value is BsonArray array ? array : [value ?? BsonNull.Value]);
        return (direction > 0 ? values.Min(BsonOrder.Instance) : values.Max(BsonOrder.Instance)) ?? BsonUndefined.Value;
    }
}
