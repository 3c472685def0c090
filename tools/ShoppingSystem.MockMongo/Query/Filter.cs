using System.Text.RegularExpressions;
using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>A filter, parsed once and applied to each document. An unknown operator is an error that names it.</summary>
internal sealed class Filter
{
    private readonly List<Func<BsonDocument, bool>> _conditions = [];
    private readonly Dictionary<string, BsonValue> _equalities = [];

    public Filter(BsonDocument filter)
    {
        foreach (var element in filter)
        {
            Read(element);
        }
    }

    /// <summary>The fields that must have exactly this value: an upsert inserts them, an index finds documents by them.</summary>
    public IReadOnlyDictionary<string, BsonValue> Equalities => _equalities;

    public bool Matches(BsonDocument document) => _conditions.TrueForAll(condition => condition(document));

    private void Read(BsonElement element)
    {
        switch (element.Name)
        {
            case "$and":
                var all = Several(element);
                _conditions.Add(document => all.TrueForAll(filter => filter.Matches(document)));
                foreach (var (field, value) in all.SelectMany(filter => filter._equalities))
                {
                    _equalities[field] = value;
                }

                break;
            case "$or":
                var some = Several(element);
                _conditions.Add(document => some.Exists(filter => filter.Matches(document)));
                break;
            case "$nor":
                var none = Several(element);
                _conditions.Add(document => !none.Exists(filter => filter.Matches(document)));
                break;
            case "$comment":
                break;
            case ['$', ..]:
                throw new CommandException(ErrorCodes.BadValue, $"unknown top level operator: {element.Name}");
            default:
                if (Equality(element.Value) is { } equality)
                {
                    _equalities[element.Name] = equality;
                }

                _conditions.Add(OfField(element.Name, element.Value));
                break;
        }
    }

    private static List<Filter> Several(BsonElement element) => element.Value is BsonArray { Count: > 0 } filters
        ? [.. filters.Select(filter => new Filter(filter.AsBsonDocument))]
        : throw new CommandException(ErrorCodes.BadValue, $"{element.Name} must be a nonempty array");

    private static BsonValue? Equality(BsonValue condition) => condition switch
    {
        BsonRegularExpression => null,
        BsonDocument document when AreOperators(document) => document.TryGetValue("$eq", out var value) ? value : null,
        _ => condition,
    };

    private static bool AreOperators(BsonDocument document) =>
        document.ElementCount > 0 && document.GetElement(0).Name.StartsWith('$') && !document.Contains("$ref");

    private static Func<BsonDocument, bool> OfField(string path, BsonValue condition)
    {
        if (condition is not BsonDocument document || !AreOperators(document))
        {
            var test = condition is BsonRegularExpression regex ? Like(regex.ToRegex()) : EqualTo(condition);
            return candidate => FieldPath.Candidates(candidate, path).Any(test);
        }

        List<Func<BsonDocument, bool>> tests = [.. document.Select(element => OfOperator(path, element, document))];
        return candidate => tests.TrueForAll(test => test(candidate));
    }

    private static Func<BsonDocument, bool> OfOperator(string path, BsonElement element, BsonDocument all)
    {
        var operand = element.Value;
        return element.Name switch
        {
            "$eq" => Any(EqualTo(operand)),
            "$ne" => Not(Any(EqualTo(operand))),
            "$gt" => Any(Ordered(operand, order => order > 0, orEqual: false)),
            "$gte" => Any(Ordered(operand, order => order >= 0, orEqual: true)),
            "$lt" => Any(Ordered(operand, order => order < 0, orEqual: false)),
            "$lte" => Any(Ordered(operand, order => order <= 0, orEqual: true)),
            "$in" => Any(OneOf(element)),
            "$nin" => Not(Any(OneOf(element))),
            "$exists" => document => FieldPath.Values(document, path).Any(value => value is not null) == operand.ToBoolean(),
            "$type" => Any(OfType(operand)),
            "$size" => document => FieldPath.Values(document, path).Any(value => value is BsonArray array && array.Count == operand.ToInt32()),
            "$all" => AllOf(path, element),
            "$elemMatch" => ElementThat(path, element),
            "$mod" => Any(Remainder(element)),
            "$not" => Not(OfField(path, operand is BsonRegularExpression ? new BsonDocument("$regex", operand) : operand)),
            "$regex" => Any(Like(Pattern(operand, all.GetValue("$options", "").AsString))),
            "$options" => _ => true,
            _ => throw new CommandException(ErrorCodes.BadValue, $"unknown operator: {element.Name}"),
        };

        Func<BsonDocument, bool> Any(Func<BsonValue?, bool> test) => document => FieldPath.Candidates(document, path).Any(test);
    }

    private static Func<BsonDocument, bool> Not(Func<BsonDocument, bool> test) => document => !test(document);

    private static Func<BsonValue?, bool> EqualTo(BsonValue value) => value.IsBsonNull || value.IsBsonUndefined
        ? candidate => candidate is null || candidate.IsBsonNull || candidate.IsBsonUndefined
        : candidate => candidate is not null && BsonOrder.Equal(candidate, value);

    private static Func<BsonValue?, bool> Ordered(BsonValue value, Func<int, bool> wanted, bool orEqual)
    {
        if (value.IsBsonNull)
        {
            return orEqual ? EqualTo(value) : _ => false;
        }

        return candidate => candidate is not null && BsonOrder.SameBracket(candidate, value)
            && (value.IsNumeric && (Numbers.IsNaN(value) || Numbers.IsNaN(candidate))
                ? orEqual && Numbers.IsNaN(value) && Numbers.IsNaN(candidate)
                : wanted(BsonOrder.Instance.Compare(candidate, value)));
    }

    private static Func<BsonValue?, bool> OneOf(BsonElement element)
    {
        var values = element.Value as BsonArray ?? throw NeedsArray(element);
        var plain = new SortedSet<BsonValue>(values.Where(value => value is not BsonRegularExpression), BsonOrder.Instance);
        var patterns = values.OfType<BsonRegularExpression>().Select(regex => Like(regex.ToRegex())).ToList();
        var orMissing = plain.Contains(BsonNull.Value);
        return candidate => candidate is null ? orMissing : plain.Contains(candidate) || patterns.Exists(like => like(candidate));
    }

    private static Func<BsonValue?, bool> OfType(BsonValue operand)
    {
        var types = (operand as BsonArray ?? [operand]).Select(type => type.ToString()!).ToHashSet();
        return candidate => candidate is not null && (
            types.Contains(Names.Of(candidate.BsonType))
            || types.Contains(((int)candidate.BsonType).ToString(System.Globalization.CultureInfo.InvariantCulture))
            || (candidate.IsNumeric && types.Contains("number")));
    }

    private static Func<BsonDocument, bool> AllOf(string path, BsonElement element)
    {
        var tests = (element.Value as BsonArray ?? throw NeedsArray(element)).Select(EqualTo).ToList();
        return document =>
        {
            var candidates = FieldPath.Candidates(document, path).ToList();
            return tests.Count > 0 && tests.TrueForAll(test => candidates.Exists(candidate => test(candidate)));
        };
    }

    private static Func<BsonDocument, bool> ElementThat(string path, BsonElement element)
    {
        const string value = "value";
        var condition = element.Value.AsBsonDocument;
        Func<BsonValue, bool> test;
        if (AreOperators(condition) && condition.GetElement(0).Name is not ("$and" or "$or" or "$nor"))
        {
            var ofValue = OfField(value, condition);
            test = candidate => ofValue(new BsonDocument(value, candidate));
        }
        else
        {
            var filter = new Filter(condition);
            test = candidate => candidate is BsonDocument inner && filter.Matches(inner);
        }

        return document => FieldPath.Values(document, path).Any(field => field is BsonArray array && array.Any(test));
    }

    private static Func<BsonValue?, bool> Remainder(BsonElement element)
    {
        var operands = element.Value as BsonArray is { Count: 2 } two ? two : throw NeedsArray(element);
        var (divisor, remainder) = (operands[0].ToInt64(), operands[1].ToInt64());
        return candidate => candidate is { IsNumeric: true } && !Numbers.IsNaN(candidate) && candidate.ToInt64() % divisor == remainder;
    }

    private static Func<BsonValue?, bool> Like(Regex regex) => candidate => candidate is { IsString: true } && regex.IsMatch(candidate.AsString);

    private static Regex Pattern(BsonValue operand, string options) =>
        (operand is BsonRegularExpression regex ? regex : new BsonRegularExpression(operand.AsString, options)).ToRegex();

    private static CommandException NeedsArray(BsonElement element) => new(ErrorCodes.BadValue, $"{element.Name} needs an array");

    /// <summary>The types' names as <c>$type</c> has them.</summary>
    private static class Names
    {
        public static string Of(BsonType type) => type switch
        {
            BsonType.Document => "object",
            BsonType.Binary => "binData",
            BsonType.ObjectId => "objectId",
            BsonType.Boolean => "bool",
            BsonType.DateTime => "date",
            BsonType.RegularExpression => "regex",
            BsonType.Int32 => "int",
            BsonType.Int64 => "long",
            BsonType.Decimal128 => "decimal",
            BsonType.MinKey => "minKey",
            BsonType.MaxKey => "maxKey",
            _ => type.ToString().ToLowerInvariant(),
        };
    }
}
