using System.Globalization;
using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>The path of a field: <c>a.b</c>, through documents and through the documents of arrays.</summary>
internal static class FieldPath
{
    /// <summary>
    /// The values that a condition on the field examines: the field's own and, if it is an array, each of its elements. Null
    /// means that the field doesn't exist.
    /// </summary>
    public static IEnumerable<BsonValue?> Candidates(BsonDocument document, string path)
    {
        var any = false;
        foreach (var value in Values(document, path.Split('.')))
        {
            any = true;
            yield return value;
            if (value is BsonArray array)
            {
                foreach (var element in array)
                {
                    yield return element;
                }
            }
        }

        if (!any)
        {
            yield return null;
        }
    }

    /// <summary>The field's values; several if the path leads through an array.</summary>
    public static IEnumerable<BsonValue?> Values(BsonDocument document, string path) => Values(document, path.Split('.'));

    /// <summary>The field's value; null if it doesn't exist, or if the path leads through an array.</summary>
    public static BsonValue? Single(BsonDocument document, string path)
    {
        BsonValue? value = document;
        foreach (var name in path.Split('.'))
        {
            value = value is BsonDocument inner && inner.TryGetValue(name, out var field) ? field : null;
        }

        return value;
    }

    /// <summary>The document that contains the last field of the path; created if it is missing.</summary>
    public static (BsonDocument Parent, string Name) Reach(BsonDocument document, string path)
    {
        var names = path.Split('.');
        foreach (var name in names[..^1])
        {
            if (!document.TryGetValue(name, out var inner))
            {
                inner = new BsonDocument();
                document.Add(name, inner);
            }

            document = inner as BsonDocument
                ?? throw new CommandException(28, $"Cannot create field '{names[^1]}' in element {{{name}: {inner}}}");
        }

        return (document, names[^1]);
    }

    private static IEnumerable<BsonValue?> Values(BsonValue? value, string[] path)
    {
        if (path.Length == 0)
        {
            return [value];
        }

        return value switch
        {
            BsonDocument document => Values(document.TryGetValue(path[0], out var field) ? field : null, path[1..]),
            BsonArray array => Element(array, path).Concat(array.OfType<BsonDocument>().SelectMany(inner => Values(inner, path))),
            _ => [null],
        };
    }

    private static IEnumerable<BsonValue?> Element(BsonArray array, string[] path) =>
        int.TryParse(path[0], NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < array.Count
            ? Values(array[index], path[1..])
            : [];
}
