using MongoDB.Bson;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.MongoDB;

/// <summary>
/// A BSON date has milliseconds, a purchase microseconds: the date is stored in the usual form, and the 0 to 999
/// microseconds that it can't hold are in a separate field beside it.
/// </summary>
/// <param name="Date">The time, rounded down to a millisecond.</param>
/// <param name="Micros">What was rounded off, in microseconds.</param>
internal readonly record struct BsonTime(BsonDateTime Date, int Micros)
{
    private const long MicrosPerMillisecond = 1000;

    public static BsonTime From(DateTimeOffset time)
    {
        var microseconds = time.ToUnixMicroseconds();
        var micros = ((microseconds % MicrosPerMillisecond) + MicrosPerMillisecond) % MicrosPerMillisecond;
        return new(new BsonDateTime((microseconds - micros) / MicrosPerMillisecond), (int)micros);
    }

    /// <summary>The time; only to the millisecond where <paramref name="micros"/> is not an integer of 0 to 999.</summary>
    public static DateTimeOffset Read(BsonValue date, BsonValue micros) => Microseconds.FromUnixMicroseconds(
        (date.AsBsonDateTime.MillisecondsSinceEpoch * MicrosPerMillisecond) + (micros is BsonInt32 { Value: >= 0 and < (int)MicrosPerMillisecond } ours ? ours.Value : 0));
}
