using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace ShoppingSystem.Purchases;

/// <summary>
/// A place in a list that is ordered by time, newest first, for reading on from there: the page before it holds what is
/// older. Histories and dead letters are such lists. Clients get it from the <c>Link</c> header and treat it as opaque.
/// </summary>
/// <param name="Timestamp">The time of the last entry that was read: of a purchase, or of a dead letter's failure.</param>
/// <param name="Id">Its id, which decides between entries of one microsecond.</param>
public readonly record struct PageCursor(DateTimeOffset Timestamp, Guid Id)
{
    private const int Length = sizeof(long) + 16;

    /// <summary>The place right after <paramref name="purchase"/>, reading towards older ones.</summary>
    public static PageCursor After(Purchase purchase) => new(purchase.Timestamp, purchase.Id);

    /// <summary>The place right after <paramref name="letter"/>, reading towards older ones.</summary>
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
