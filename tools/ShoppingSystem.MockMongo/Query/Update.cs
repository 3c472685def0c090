using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>An update of a document: a new one in its place, or changes of some fields.</summary>
internal sealed class Update
{
    private const string Id = "_id";

    private readonly BsonDocument _update;
    private readonly bool _replaces;

    public Update(BsonValue update)
    {
        _update = update as BsonDocument ?? throw new CommandException(ErrorCodes.FailedToParse, "an update by a pipeline is not played");
        _replaces = _update.ElementCount == 0 || !_update.GetElement(0).Name.StartsWith('$');
        if (!_replaces && _update.FirstOrDefault(element => !Known(element.Name)) is { Name: not null } unknown)
        {
            throw new CommandException(ErrorCodes.FailedToParse, $"Unknown modifier: {unknown.Name}. It is not played here.");
        }
    }

    /// <summary>The document after the update.</summary>
    public BsonDocument Apply(BsonDocument document)
    {
        var updated = _replaces ? Replaced(document) : Changed(document, inserting: false);
        return document.TryGetValue(Id, out var id) && !BsonOrder.Equal(id, updated.GetValue(Id, BsonUndefined.Value))
            ? throw new CommandException(ErrorCodes.ImmutableField, "Performing an update on the path '_id' would modify the immutable field '_id'")
            : updated;
    }

    /// <summary>The document that an upsert inserts: the fields that the filter requires, and the update.</summary>
    public BsonDocument Insert(Filter filter)
    {
        var document = new BsonDocument();
        foreach (var (path, value) in filter.Equalities.Where(equality => !_replaces || equality.Key == Id))
        {
            var (parent, name) = FieldPath.Reach(document, path);
            parent[name] = value.DeepClone();
        }

        var inserted = _replaces ? Replaced(document) : Changed(document, inserting: true);
        if (!inserted.Contains(Id))
        {
            inserted.InsertAt(0, new BsonElement(Id, ObjectId.GenerateNewId()));
        }

        return inserted;
    }

    private static bool Known(string name) =>
        name is "$set" or "$setOnInsert" or "$unset" or "$inc" or "$min" or "$max" or "$push" or "$addToSet";

    private BsonDocument Replaced(BsonDocument document)
    {
        var replacement = _update.DeepClone().AsBsonDocument;
        if (document.TryGetValue(Id, out var id) && !replacement.Contains(Id))
        {
            replacement.InsertAt(0, new BsonElement(Id, id));
        }

        return replacement;
    }

    private BsonDocument Changed(BsonDocument document, bool inserting)
    {
        var changed = document.DeepClone().AsBsonDocument;
        foreach (var modifier in _update.Where(modifier => modifier.Name != "$setOnInsert" || inserting))
        {
            foreach (var field in modifier.Value.AsBsonDocument)
            {
                var (parent, name) = FieldPath.Reach(changed, field.Name);
                Change(modifier.Name, parent, name, field.Value);
            }
        }

        return changed;
    }

    private static void Change(string modifier, BsonDocument parent, string name, BsonValue value)
    {
        var known = parent.TryGetValue(name, out var old);
        switch (modifier)
        {
            case "$unset":
                parent.Remove(name);
                break;
            case "$inc":
                parent[name] = !known ? value
                    : old.IsNumeric ? Numbers.Add(old, value)
                    : throw new CommandException(ErrorCodes.TypeMismatch, $"Cannot apply $inc to a value of non-numeric type: {name}");
                break;
            case "$min" when known && BsonOrder.Instance.Compare(old, value) <= 0:
            case "$max" when known && BsonOrder.Instance.Compare(old, value) >= 0:
                break;
            case "$push" or "$addToSet":
                if (value is BsonDocument document && document.ElementCount > 0 && document.GetElement(0).Name.StartsWith('$'))
                {
                    throw new CommandException(ErrorCodes.BadValue, $"{modifier} with {document.GetElement(0).Name} is not played");
                }

                var array = known ? old as BsonArray ?? throw new CommandException(ErrorCodes.BadValue, $"The field '{name}' must be an array") : [];
                if (modifier == "$push" || !array.Any(element => BsonOrder.Equal(element, value)))
                {
                    array.Add(value);
                }

                parent[name] = array;
                break;
            default:
                parent[name] = value.DeepClone();
                break;
        }
    }
}
