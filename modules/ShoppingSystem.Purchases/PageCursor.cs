using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace ShoppingSystem.Purchases;

/// <summary>
/// A position in a list that is ordered by time, newest first. The next page begins after it and holds older entries. Histories
/// and dead letters are such lists. Clients get the cursor from the <c>Link</c> header and treat it as opaque.
/// </summary>
/// <param name="Timestamp">The time of the last entry that was read: when the purchase was made, or when the dead letter failed.</param>
/// <param name="Id">The id of that entry, which orders entries of the same microsecond.</param>
public readonly record struct PageCursor(DateTimeOffset Timestamp, Guid Id)
{
    private const int Length = sizeof(long) + 16;

    /// <summary>The position right after <paramref name="purchase"/>, towards older ones.</summary>
    public static PageCursor After(Purchase purchase) => new(purchase.Timestamp, purchase.Id);

    /// <summary>The position right after <paramref name="letter"/>, towards older ones.</summary>
    public static PageCursor After(DeadLetter letter) => new(letter.FailedAt, letter.Id);

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out PageCursor cursor)
    {
        cursor = default;
        Span<byte> bytes = stackalloc byte[Length];
        if (text is not { Length: Length / 3 * 4 }
            || Base64Url.DecodeFromChars(text, bytes, out _, out var written) is not OperationStatus.Done
            || written != Length)
        {
            return false;
        }

        var microseconds = BinaryPrimitives.ReadInt64BigEndian(bytes);
        if (microseconds < DateTimeOffset.MinValue.ToUnixMicroseconds() || microseconds > DateTimeOffset.MaxValue.ToUnixMicroseconds())
        {
            return false;
        }

        cursor = new(Microseconds.FromUnixMicroseconds(microseconds), new Guid(bytes[sizeof(long)..], bigEndian: true));
        return true;
    }

    /// <summary>The cursor as URL-safe text.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        BinaryPrimitives.WriteInt64BigEndian(bytes, Timestamp.ToUnixMicroseconds());
        Id.TryWriteBytes(bytes[sizeof(long)..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }
}
