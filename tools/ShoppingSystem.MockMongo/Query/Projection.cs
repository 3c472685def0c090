using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>Which fields of a document are returned: <c>{ a: 1 }</c> or <c>{ a: 0 }</c>. Computed fields are not supported.</summary>
internal sealed class Projection
{
    private const string Id = "_id";

    private readonly bool _includes;
    private readonly bool _withId;
    private readonly List<string> _paths;

    public Projection(BsonDocument projection)
    {
        if (projection.FirstOrDefault(element => !element.Value.IsBoolean && !element.Value.IsNumeric) is { Name: not null } computed)
        {
            throw new CommandException(ErrorCodes.BadValue, $"a projection of {computed.Name}: {computed.Value} is not played, only 0 and 1");
        }

        var fields = projection.Where(element => element.Name != Id).ToList();
        _paths = [.. fields.Select(field => field.Name)];
        _includes = fields.Count > 0 ? fields[0].Value.ToBoolean() : projection.GetValue(Id, false).ToBoolean();
        _withId = projection.GetValue(Id, true).ToBoolean();
        if (fields.Exists(field => field.Value.ToBoolean() != _includes))
        {
            throw new CommandException(31254, "Cannot do exclusion in inclusion projection, or the other way round");
        }
    }

    public BsonDocument Apply(BsonDocument document) => _includes ? Including(document) : Excluding(document);

    private BsonDocument Including(BsonDocument document)
    {
        var shown = new BsonDocument();
        if (_withId && document.TryGetValue(Id, out var id))
        {
            shown.Add(Id, id);
        }

        foreach (var path in _paths)
        {
            if (FieldPath.Single(document, path) is { } value)
            {
                var (parent, name) = FieldPath.Reach(shown, path);
                parent[name] = value;
            }
        }

        return shown;
    }

    private BsonDocument Excluding(BsonDocument document)
    {
        var shown = document.DeepClone().AsBsonDocument;
        foreach (var path in _withId ? _paths : _paths.Append(Id))
        {
            if (FieldPath.Single(shown, path) is not null)
            {
                var (parent, name) = FieldPath.Reach(shown, path);
                parent.Remove(name);
            }
        }

        return shown;
    }
}
