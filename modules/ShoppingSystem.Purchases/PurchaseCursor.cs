using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace ShoppingSystem.Purchases;

/// <summary>
/// A place in a user's history, for reading on from there: the page before it holds what is older. Clients get it
/// from the <c>Link</c> header and treat it as opaque.
/// </summary>
/// <param name="Timestamp">The timestamp of the last purchase that was read.</param>
/// <param name="Id">Its id, which decides between purchases of one microsecond.</param>
public readonly record struct PurchaseCursor(DateTimeOffset Timestamp, Guid Id)
{
    private const int Length = sizeof(long) + 16;

    /// <summary>The place right after <paramref name="purchase"/>, reading towards older ones.</summary>
    public static PurchaseCursor After(Purchase purchase) => new(purchase.Timestamp, purchase.Id);

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out PurchaseCursor cursor)
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
