using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ShoppingSystem.Tests.Support;

/// <summary>
/// Checks JSON against the schemas of an OpenAPI document: as much of JSON Schema 2020-12 as these documents use. A keyword that
/// it does not know is an error, and so is a field that a schema does not name.
/// </summary>
internal sealed class JsonSchema(JsonElement document)
{
    /// <summary>What is wrong with <paramref name="value"/>; nothing when it is as <paramref name="schema"/> says.</summary>
    public IEnumerable<string> Check(JsonElement schema, JsonElement value, string path = "$")
    {
        foreach (var keyword in schema.EnumerateObject())
        {
            foreach (var complaint in Check(schema, keyword.Name, keyword.Value, value, path))
            {
                yield return complaint;
            }
        }
    }

    private IEnumerable<string> Check(JsonElement schema, string keyword, JsonElement says, JsonElement value, string path) => keyword switch
    {
        "$ref" => Check(Resolve(says.GetString()!), value, path),
        "description" or "default" => [],
        "type" => When(!Types(says).Any(type => Is(type, value)), $"{path} is {value.ValueKind} instead of {says}"),
        "format" => When(!HasFormat(says.GetString()!, value), $"{path} is no {says}: {value}"),
        "required" when value.ValueKind is JsonValueKind.Object => says.EnumerateArray()
            .Where(name => !value.TryGetProperty(name.GetString()!, out _))
            .Select(name => $"{path}.{name} is missing"),
        "properties" when value.ValueKind is JsonValueKind.Object => value.EnumerateObject().SelectMany(field =>
            says.TryGetProperty(field.Name, out var of) ? Check(of, field.Value, $"{path}.{field.Name}") : [$"{path}.{field.Name} is not described"]),
        "additionalProperties" when value.ValueKind is JsonValueKind.Object =>
            value.EnumerateObject().SelectMany(field => Check(says, field.Value, $"{path}.{field.Name}")),
        "items" when value.ValueKind is JsonValueKind.Array =>
            value.EnumerateArray().SelectMany((entry, i) => Check(says, entry, $"{path}[{i}]")),
        "minLength" when value.ValueKind is JsonValueKind.String => When(Length(value) < says.GetInt32(), $"{path} is too short"),
        "maxLength" when value.ValueKind is JsonValueKind.String => When(Length(value) > says.GetInt32(), $"{path} is too long"),
        "pattern" when value.ValueKind is JsonValueKind.String => When(!Regex.IsMatch(value.GetString()!, says.GetString()!), $"{path} does not look like {says}"),
        "minimum" when value.ValueKind is JsonValueKind.Number => When(value.GetDecimal() < says.GetDecimal(), $"{path} is less than {says}"),
        "maximum" when value.ValueKind is JsonValueKind.Number => When(value.GetDecimal() > says.GetDecimal(), $"{path} is more than {says}"),
        "exclusiveMinimum" when value.ValueKind is JsonValueKind.Number => When(value.GetDecimal() <= says.GetDecimal(), $"{path} is not more than {says}"),
        "required" or "properties" or "additionalProperties" or "items" or "minLength" or "maxLength" or "pattern" or "minimum" or "maximum"
            or "exclusiveMinimum" => [],
        _ => throw new NotSupportedException($"{keyword} in {schema}"),
    };

    private JsonElement Resolve(string reference) => reference.Split('/').Skip(1).Aggregate(document, (at, name) => at.GetProperty(name));

    private static string[] When(bool wrong, string complaint) => wrong ? [complaint] : [];

    private static IEnumerable<string> Types(JsonElement says) =>
        says.ValueKind is JsonValueKind.Array ? says.EnumerateArray().Select(type => type.GetString()!) : [says.GetString()!];

    private static bool Is(string type, JsonElement value) => type switch
    {
        "null" => value.ValueKind is JsonValueKind.Null,
        "string" => value.ValueKind is JsonValueKind.String,
        "number" => value.ValueKind is JsonValueKind.Number,
        "integer" => value.ValueKind is JsonValueKind.Number && decimal.IsInteger(value.GetDecimal()),
        "array" => value.ValueKind is JsonValueKind.Array,
        "object" => value.ValueKind is JsonValueKind.Object,
        _ => throw new NotSupportedException($"type {type}"),
    };

    // A format speaks about some types only; whether it is one of them is said by "type".
    private static bool HasFormat(string format, JsonElement value) => (format, value.ValueKind) switch
    {
        ("uuid", JsonValueKind.String) => value.TryGetGuid(out _),
        ("date-time", JsonValueKind.String) => DateTimeOffset.TryParseExact(
            value.GetString(), "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        ("byte", JsonValueKind.String) => value.TryGetBytesFromBase64(out _),
        ("int32", JsonValueKind.Number) => value.TryGetInt32(out _),
        ("int64", JsonValueKind.Number) => value.TryGetInt64(out _),
        ("double", JsonValueKind.Number) => value.TryGetDouble(out _),
        ("decimal", JsonValueKind.Number) => value.TryGetDecimal(out _),
        ("uuid" or "date-time" or "byte" or "int32" or "int64" or "double" or "decimal", _) => true,
        _ => throw new NotSupportedException($"format {format}"),
    };

    private static int Length(JsonElement text) => text.GetString()!.EnumerateRunes().Count();
}
