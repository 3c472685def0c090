using System.Security.Cryptography;
using System.Text;

namespace ShoppingSystem.Purchases;

/// <summary>
/// Creates purchase ids. A new purchase gets a UUID version 7, which sorts by time. An id that must be reproducible (a retried
/// request, a redelivered event) is a UUID version 8: the first 122 free bits of a SHA-256 over the values that it is derived
/// from. Both are defined by RFC 9562.
/// </summary>
public static class PurchaseId
{
    /// <summary>
    /// An id for a purchase made at <paramref name="timestamp"/>. Times before 1970 sort as 1970: a UUID can't hold them.
    /// </summary>
    public static Guid New(DateTimeOffset timestamp) =>
        Guid.CreateVersion7(timestamp < DateTimeOffset.UnixEpoch ? DateTimeOffset.UnixEpoch : timestamp);

    /// <summary>Whether <paramref name="id"/> means "no id": the nil and the max UUID do (RFC 9562, 5.9 and 5.10).</summary>
    public static bool IsNone(Guid id) => id == Guid.Empty || id == Guid.AllBitsSet;

    /// <summary>The id of this user's purchase under this <c>Idempotency-Key</c>; the same for every retry.</summary>
    public static Guid FromIdempotencyKey(string userId, string key) =>
        Derive($"idempotency-key\0{userId}\0{key}");

    /// <summary>
    /// The id of an event that carries none. A redelivered event gets the same id. If a topic is deleted and created again, an
    /// event at the same position gets another id, because it was appended at another time.
    /// </summary>
    public static Guid FromPosition(string topic, int partition, long offset, DateTimeOffset appendedAt) =>
        Derive($"position\0{topic}\0{partition}\0{offset}\0{appendedAt.ToUnixTimeMilliseconds()}");

    /// <summary>
    /// The id of a purchase whose producer gave it an id that is not a UUID; the same each time the purchase is sent. The
    /// source distinguishes producers: <c>source</c> of a CloudEvent, otherwise the topic.
    /// </summary>
    public static Guid FromProducer(string source, string id) => Derive($"producer\0{source.Length}\0{source}\0{id}");

    /// <summary>
    /// The id of a purchase that carries none, in a CloudEvent whose id is not a UUID: <c>source</c> and <c>id</c> together are
    /// unique for each event.
    /// </summary>
    public static Guid FromCloudEvent(string source, string id) => Derive($"cloudevent\0{source.Length}\0{source}\0{id}");

    /// <summary>The id of a purchase that another program wrote to the record, under an id that is not a UUID; always the same.</summary>
    public static Guid FromForeignId(string id) => Derive($"foreign-id\0{id}");

    private static Guid Derive(string source)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(source), hash);
        var id = hash[..16];
        id[6] = (byte)(0x80 | (id[6] & 0x0F));
        id[8] = (byte)(0x80 | (id[8] & 0x3F));
        return new Guid(id, bigEndian: true);
    }
}
