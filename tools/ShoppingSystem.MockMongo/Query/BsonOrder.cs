using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>The order of all values, by type and then by value (mongodb.com/docs/manual/reference/bson-type-comparison-order).</summary>
internal sealed class BsonOrder : IComparer<BsonValue>
{
    public static readonly BsonOrder Instance = new();

    public static bool Equal(BsonValue x, BsonValue y) => Instance.Compare(x, y) == 0;

    /// <summary>Whether operators such as <c>$gt</c> can compare the two values: numbers with numbers, dates with dates.</summary>
    public static bool SameBracket(BsonValue x, BsonValue y) => Bracket(x) == Bracket(y);

    public int Compare(BsonValue? x, BsonValue? y)
    {
        var bracket = Bracket(x!);
        var byType = bracket.CompareTo(Bracket(y!));
        return byType != 0 ? byType : bracket switch
        {
            10 => Numbers.Compare(x!, y!),
            15 => string.CompareOrdinal(Text(x!), Text(y!)),
            20 => Compare(x!.AsBsonDocument, y!.AsBsonDocument),
            25 => Compare(x!.AsBsonArray, y!.AsBsonArray),
            30 => Compare(x!.AsBsonBinaryData, y!.AsBsonBinaryData),
            35 => x!.AsObjectId.CompareTo(y!.AsObjectId),
            40 => x!.AsBoolean.CompareTo(y!.AsBoolean),
            45 => x!.AsBsonDateTime.MillisecondsSinceEpoch.CompareTo(y!.AsBsonDateTime.MillisecondsSinceEpoch),
            47 => ((ulong)x!.AsBsonTimestamp.Value).CompareTo((ulong)y!.AsBsonTimestamp.Value),
            50 or 60 => string.CompareOrdinal(x!.ToString(), y!.ToString()),
            _ => 0,
        };
    }

    private static int Bracket(BsonValue value) => value.BsonType switch
    {
        BsonType.MinKey => -1,
        BsonType.Undefined => 0,
        BsonType.Null => 5,
        BsonType.Int32 or BsonType.Int64 or BsonType.Double or BsonType.Decimal128 => 10,
        BsonType.String or BsonType.Symbol => 15,
        BsonType.Document => 20,
        BsonType.Array => 25,
        BsonType.Binary => 30,
        BsonType.ObjectId => 35,
        BsonType.Boolean => 40,
        BsonType.DateTime => 45,
        BsonType.Timestamp => 47,
        BsonType.RegularExpression => 50,
        BsonType.JavaScript or BsonType.JavaScriptWithScope => 60,
        BsonType.MaxKey => 127,
        _ => throw new CommandException(ErrorCodes.BadValue, $"a value of the type {value.BsonType} can't be compared here"),
    };

    private static string Text(BsonValue value) => value.IsBsonSymbol ? value.AsBsonSymbol.Name : value.AsString;

    private int Compare(BsonDocument x, BsonDocument y)
    {
        foreach (var (ours, theirs) in x.Elements.Zip(y.Elements))
        {
            var byType = Bracket(ours.Value).CompareTo(Bracket(theirs.Value));
            var order = byType != 0 ? byType : string.CompareOrdinal(ours.Name, theirs.Name);
            order = order != 0 ? order : Compare(ours.Value, theirs.Value);
            if (order != 0)
            {
                return order;
            }
        }

        return x.ElementCount.CompareTo(y.ElementCount);
    }

    private int Compare(BsonArray x, BsonArray y) =>
        x.Zip(y, Compare).FirstOrDefault(order => order != 0) is not 0 and var first ? first : x.Count.CompareTo(y.Count);

    private static int Compare(BsonBinaryData x, BsonBinaryData y)
    {
        var byLength = x.Bytes.Length.CompareTo(y.Bytes.Length);
        var byType = byLength != 0 ? byLength : x.SubType.CompareTo(y.SubType);
        return byType != 0 ? byType : x.Bytes.AsSpan().SequenceCompareTo(y.Bytes);
    }
}
