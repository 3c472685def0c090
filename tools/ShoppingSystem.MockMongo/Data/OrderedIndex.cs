using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>An index: the keys of all documents in order. An array in an indexed field has a key for each of its elements.</summary>
internal sealed class OrderedIndex(string collection, string name, BsonDocument keys, bool unique)
{
    private readonly List<(string Path, int Direction)> _fields = [.. keys.Select(key => (key.Name, Direction(key)))];
    private readonly SortedSet<Entry> _entries = new(new EntryOrder([.. keys.Select(Direction)]));

    public string Name => name;

    public BsonDocument Keys => keys;

    public bool Unique => unique;

    /// <summary>The first field: documents are found by its value.</summary>
    public string FirstField => _fields[0].Path;

    /// <exception cref="CommandException">Another document has the same key and the index is unique.</exception>
    public void Check(BsonDocument document, long record)
    {
        foreach (var key in KeysOf(document))
        {
            if (unique && Records(key).Any(other => other != record))
            {
                throw CommandException.DuplicateKey(
                    collection, name, keys, new BsonDocument(_fields.Zip(key, (field, value) => new BsonElement(field.Path, value))));
            }
        }
    }

    public void Add(BsonDocument document, long record) => _entries.UnionWith(KeysOf(document).Select(key => new Entry(key, record)));

    public void Remove(BsonDocument document, long record) => _entries.ExceptWith(KeysOf(document).Select(key => new Entry(key, record)));

    /// <summary>The records whose key begins with these values.</summary>
    public IEnumerable<long> Records(params BsonValue[] values) =>
        _entries.GetViewBetween(new Entry(values, long.MinValue), new Entry(values, long.MaxValue)).Select(entry => entry.Record).Distinct();

    public BsonDocument Describe()
    {
        var description = new BsonDocument { { "v", 2 }, { "key", keys }, { "name", name } };
        return unique && name != Collection.IdIndex ? description.Add("unique", true) : description;
    }

    private static int Direction(BsonElement key) => key.Value is { IsNumeric: true } direction && direction.ToDouble() != 0
        ? Math.Sign(direction.ToDouble())
        : throw new CommandException(ErrorCodes.CannotCreateIndex, $"an index on {key.Name}: {key.Value} is not played, only 1 and -1");

    private List<BsonValue[]> KeysOf(BsonDocument document)
    {
        List<BsonValue[]> all = [[]];
        var arrays = 0;
        foreach (var (path, _) in _fields)
        {
            List<BsonValue> values =
            [
                .. FieldPath.Values(document, path)
                    .SelectMany(value => value is BsonArray array ? array.DefaultIfEmpty(BsonUndefined.Value) : [value ?? BsonNull.Value])
                    .DefaultIfEmpty(BsonNull.Value),
            ];
            if (values.Count > 1 && ++arrays > 1)
            {
                throw new CommandException(ErrorCodes.CannotIndexParallelArrays, $"cannot index parallel arrays, {path} is the second");
            }

            all = [.. from key in all from value in values select (BsonValue[])[.. key, value]];
        }

        return all;
    }

    private readonly record struct Entry(BsonValue[] Key, long Record);

    /// <summary>By key, then by record; a key that is shorter is compared by its record only, which gives the bounds of a search.</summary>
    private sealed class EntryOrder(int[] directions) : IComparer<Entry>
    {
        public int Compare(Entry x, Entry y)
        {
            for (var i = 0; i < Math.Min(x.Key.Length, y.Key.Length); i++)
            {
                var order = directions[i] * BsonOrder.Instance.Compare(x.Key[i], y.Key[i]);
                if (order != 0)
                {
                    return order;
                }
            }

            return x.Record.CompareTo(y.Record);
        }
    }
}
