namespace ShoppingSystem.MockMongo;

/// <summary>All data of the server: a database or a collection exists once something is written to it.</summary>
internal sealed class Databases
{
    private readonly SortedDictionary<string, SortedDictionary<string, Collection>> _databases = new(StringComparer.Ordinal);

    public IEnumerable<string> Names => _databases.Keys;

    /// <summary>The collections of a database, by name.</summary>
    public IEnumerable<KeyValuePair<string, Collection>> In(string database) =>
        _databases.TryGetValue(database, out var collections) ? collections : [];

    public Collection? Find(string database, string name) =>
        _databases.TryGetValue(database, out var collections) && collections.TryGetValue(name, out var collection) ? collection : null;

    public Collection GetOrCreate(string database, string name)
    {
        if (!_databases.TryGetValue(database, out var collections))
        {
            _databases.Add(database, collections = new(StringComparer.Ordinal));
        }

        if (!collections.TryGetValue(name, out var collection))
        {
            collections.Add(name, collection = new Collection($"{database}.{name}"));
        }

        return collection;
    }

    public bool Drop(string database, string name)
    {
        if (!_databases.TryGetValue(database, out var collections) || !collections.Remove(name))
        {
            return false;
        }

        if (collections.Count == 0)
        {
            _databases.Remove(database);
        }

        return true;
    }

    public void Drop(string database) => _databases.Remove(database);
}
