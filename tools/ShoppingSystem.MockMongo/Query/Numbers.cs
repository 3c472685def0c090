using System.Globalization;
using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>Numbers of the four types, compared and added. Sums of decimals are exact to 28 digits, in mongod to 34.</summary>
internal static class Numbers
{
    public static bool IsNaN(BsonValue value) =>
        (value.IsDouble && double.IsNaN(value.AsDouble)) || (value.IsDecimal128 && Decimal128.IsNaN(value.AsDecimal128));

    /// <summary>The order by value; NaN comes first.</summary>
    public static int Compare(BsonValue x, BsonValue y)
    {
        if (IsNaN(x) || IsNaN(y))
        {
            return IsNaN(y).CompareTo(IsNaN(x));
        }

        if (IsInteger(x) && IsInteger(y))
        {
            return x.ToInt64().CompareTo(y.ToInt64());
        }

        return x.IsDouble && y.IsDouble ? x.AsDouble.CompareTo(y.AsDouble) : Decimal128.Compare(ToDecimal128(x), ToDecimal128(y));
    }

    /// <summary>The sum in the wider of the two types.</summary>
    public static BsonValue Add(BsonValue x, BsonValue y)
    {
        if (x.IsDecimal128 || y.IsDecimal128)
        {
            return new BsonDecimal128(new Decimal128(ToDecimal(x) + ToDecimal(y)));
        }

        if (x.IsDouble || y.IsDouble)
        {
            return x.ToDouble() + y.ToDouble();
        }

        var sum = checked(x.ToInt64() + y.ToInt64());
        return x.IsInt32 && y.IsInt32 && sum is >= int.MinValue and <= int.MaxValue ? new BsonInt32((int)sum) : new BsonInt64(sum);
    }

    public static BsonValue Divide(BsonValue sum, int count) =>
        sum.IsDecimal128 ? new BsonDecimal128(new Decimal128(ToDecimal(sum) / count)) : sum.ToDouble() / count;

    private static bool IsInteger(BsonValue value) => value.IsInt32 || value.IsInt64;

    private static decimal ToDecimal(BsonValue value)
    {
        try
        {
            return value.ToDecimal();
        }
        catch (OverflowException)
        {
            throw new CommandException(ErrorCodes.BadValue, $"{value} is more than this server can add up");
        }
    }

    private static Decimal128 ToDecimal128(BsonValue value) => value.BsonType switch
    {
        BsonType.Decimal128 => value.AsDecimal128,
        BsonType.Double when double.IsInfinity(value.AsDouble) =>
            value.AsDouble > 0 ? Decimal128.PositiveInfinity : Decimal128.NegativeInfinity,
        BsonType.Double => Decimal128.Parse(value.AsDouble.ToString("R", CultureInfo.InvariantCulture)),
        _ => new Decimal128(value.ToInt64()),
    };
}
