namespace ShoppingSystem.LoadTest;

/// <summary>
/// The acknowledgements of the server, by the number of the purchase: the 16 bytes of the acknowledged id, folded to half. That
/// is 8 bytes per purchase, and 1 more while the histories are read: 90 MB for ten million purchases, however many users
/// there are. The user and the price are not kept, because they are derived from the number.
/// </summary>
internal sealed class Receipts
{
    private const int ChunkBits = 16;
    private const int ChunkLength = 1 << ChunkBits;
    private const int MaxChunks = 1 << 15;

    private readonly ulong[]?[] _chunks = new ulong[]?[MaxChunks];
    private long _count;

    /// <summary>The most purchases one run can verify.</summary>
    public static long Capacity => (long)ChunkLength * MaxChunks;

    /// <summary>One more than the highest number acknowledged.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Notes that purchase <paramref name="number"/> was acknowledged under <paramref name="id"/>. Thread-safe.</summary>
    public void Add(long number, Guid id)
    {
        ref var chunk = ref _chunks[number >> ChunkBits];
        if (Volatile.Read(ref chunk) is null)
        {
            Interlocked.CompareExchange(ref chunk, new ulong[ChunkLength], null);
        }

        chunk![number & (ChunkLength - 1)] = Fold(id);
        for (var count = Count; number >= count; count = Count)
        {
            Interlocked.CompareExchange(ref _count, number + 1, count);
        }
    }

    /// <summary>Whether purchase <paramref name="number"/> was acknowledged.</summary>
    public bool IsAcknowledged(long number) => At(number) != 0;

    /// <summary>Whether purchase <paramref name="number"/> was acknowledged under <paramref name="id"/>.</summary>
    public bool IsAcknowledgedAs(long number, Guid id) => At(number) == Fold(id);

    private ulong At(long number) => number < Count ? _chunks[number >> ChunkBits]?[number & (ChunkLength - 1)] ?? 0 : 0;

    private static ulong Fold(Guid id)
    {
        var bits = (UInt128)0;
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        bits = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);

        // Never 0, which means that a purchase was not acknowledged.
        return Math.Max(1, (ulong)(bits >> 64) ^ (ulong)bits);
    }
}
