using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>The stage <c>$group</c>.</summary>
internal static class Group
{
    public static IEnumerable<BsonDocument> Apply(BsonDocument group, IEnumerable<BsonDocument> documents)
    {
        var fields = group.Where(element => element.Name != "_id").Select(Accumulator.Read).ToList();
        var key = group.TryGetValue("_id", out var id) ? id : throw new CommandException(15955, "a group specification must include an _id");
        var groups = new SortedDictionary<BsonValue, List<BsonDocument>>(BsonOrder.Instance);
        foreach (var document in documents)
        {
            var value = Expression.Evaluate(key, document) ?? BsonNull.Value;
            if (!groups.TryGetValue(value, out var members))
            {
                groups.Add(value, members = []);
            }

            members.Add(document);
        }

        return groups.Select(of => new BsonDocument("_id", of.Key)
            .AddRange(fields.Select(field => new BsonElement(field.Name, field.Compute(of.Value)))));
    }

    /// <summary>A field of the group, computed from all its documents.</summary>
    private sealed record Accumulator(string Name, string Operator, BsonValue Operand)
    {
        public static Accumulator Read(BsonElement field)
        {
            if (field.Value is not BsonDocument { ElementCount: 1 } accumulator)
            {
                throw new CommandException(40234, $"The field '{field.Name}' must be an accumulator object");
            }

            var (name, operand) = (accumulator.GetElement(0).Name, accumulator[0]);
            return name is "$sum" or "$avg" or "$min" or "$max" or "$first" or "$last" or "$push" or "$addToSet" or "$count"
                ? new Accumulator(field.Name, name, operand)
                : throw new CommandException(15952, $"unknown group operator '{name}'");
        }

        public BsonValue Compute(List<BsonDocument> documents)
        {
            var values = documents.Select(document => Expression.Evaluate(Operand, document));
            var there = values.OfType<BsonValue>().Where(value => !value.IsBsonNull);
            var numbers = there.Where(value => value.IsNumeric).ToList();
            return Operator switch
            {
                "$count" => documents.Count,
                "$sum" => numbers.Aggregate((BsonValue)0, Numbers.Add),
                "$avg" => numbers.Count == 0 ? BsonNull.Value : Numbers.Divide(numbers.Aggregate(Numbers.Add), numbers.Count),
                "$min" => there.Min(BsonOrder.Instance) ?? BsonNull.Value,
                "$max" => there.Max(BsonOrder.Instance) ?? BsonNull.Value,
                "$first" => values.First() ?? BsonNull.Value,
                "$last" => values.Last() ?? BsonNull.Value,
                "$push" => new BsonArray(values.OfType<BsonValue>()),
                _ => new BsonArray(new SortedSet<BsonValue>(values.OfType<BsonValue>(), BsonOrder.Instance)),
            };
        }
    }
}
