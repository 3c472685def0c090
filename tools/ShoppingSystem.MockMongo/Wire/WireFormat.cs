using System.Buffers.Binary;
using System.Text;
using MongoDB.Bson;
using MongoDB.Bson.IO;
using MongoDB.Bson.Serialization;
using MongoDB.Bson.Serialization.Serializers;

namespace ShoppingSystem.MockMongo;

/// <summary>
/// Reads and writes messages: OP_MSG, and the old OP_QUERY and OP_REPLY for the first <c>isMaster</c>
/// (mongodb.com/docs/manual/reference/mongodb-wire-protocol).
/// </summary>
internal static class WireFormat
{
    public const int MaxMessageSize = 48_000_000;

    private const int HeaderSize = 16;
    private const int OpReply = 1;
    private const int OpQuery = 2004;
    private const int OpMsg = 2013;

    private const int ChecksumPresent = 1 << 0;
    private const int MoreToCome = 1 << 1;
    private const int ExhaustAllowed = 1 << 16;
    private const int MustUnderstand = 0xFFFF & ~(ChecksumPresent | MoreToCome);
    private const int ChecksumSize = 4;

    /// <summary>The next message; null when the client has closed the connection.</summary>
    /// <exception cref="InvalidDataException">It is not one that this server knows.</exception>
    public static async Task<Request?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var header = new byte[HeaderSize];
        if (await stream.ReadAtLeastAsync(header, HeaderSize, throwOnEndOfStream: false, cancellationToken) < HeaderSize)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (length is < HeaderSize or > MaxMessageSize)
        {
            throw new InvalidDataException($"A message of {length} bytes.");
        }

        var body = new byte[length - HeaderSize];
        await stream.ReadExactlyAsync(body, cancellationToken);
        var id = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(4));
        return BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(12)) switch
        {
            OpMsg => ReadMsg(id, body),
            OpQuery => ReadQuery(id, body),
            var other => throw new InvalidDataException($"Operation {other} is not played."),
        };
    }

    /// <summary>An answer to <paramref name="responseTo"/>.</summary>
    public static byte[] Write(BsonDocument answer, int id, int responseTo, bool legacy, bool moreToCome)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(0);
        writer.Write(id);
        writer.Write(responseTo);
        writer.Write(legacy ? OpReply : OpMsg);
        if (legacy)
        {
            const int awaitCapable = 8, onlyDocument = 1;
            writer.Write(awaitCapable);
            writer.Write(0L);
            writer.Write(0);
            writer.Write(onlyDocument);
        }
        else
        {
            writer.Write(moreToCome ? MoreToCome : 0);
            writer.Write((byte)0);
        }

        writer.Write(answer.ToBson());
        writer.Flush();
        var message = stream.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        return message;
    }

    private static Request ReadMsg(int id, byte[] body)
    {
        using var stream = new MemoryStream(body);
        using var reader = new BinaryReader(stream);
        var flags = reader.ReadInt32();
        if ((flags & MustUnderstand) != 0)
        {
            throw new InvalidDataException($"Flags {flags:x8} are not all known.");
        }

        BsonDocument? command = null;
        var beside = new List<BsonElement>();
        // The checksum is not checked: on one machine TCP's own is enough.
        var end = body.Length - ((flags & ChecksumPresent) != 0 ? ChecksumSize : 0);
        while (stream.Position < end)
        {
            switch (reader.ReadByte())
            {
                case 0:
                    command = ReadDocument(stream);
                    break;
                case 1:
                    beside.Add(ReadSequence(stream, reader));
                    break;
                case var kind:
                    throw new InvalidDataException($"A section of kind {kind}.");
            }
        }

        command = command?.AddRange(beside) ?? throw new InvalidDataException("A message without a command.");
        return new Request(id, command, Legacy: false, (flags & MoreToCome) != 0, (flags & ExhaustAllowed) != 0);
    }

    private static BsonElement ReadSequence(MemoryStream stream, BinaryReader reader)
    {
        var end = stream.Position + reader.ReadInt32();
        var name = ReadCString(reader);
        var documents = new BsonArray();
        while (stream.Position < end)
        {
            documents.Add(ReadDocument(stream));
        }

        return new BsonElement(name, documents);
    }

    private static Request ReadQuery(int id, byte[] body)
    {
        using var stream = new MemoryStream(body);
        using var reader = new BinaryReader(stream);
        _ = reader.ReadInt32();
        var collection = ReadCString(reader);
        _ = reader.ReadInt64();
        var command = ReadDocument(stream);
        command["$db"] = collection.Split('.')[0];
        return new Request(id, command, Legacy: true, Unacknowledged: false, MayAnswerOnAndOn: false);
    }

    private static BsonDocument ReadDocument(MemoryStream stream)
    {
        using var reader = new BsonBinaryReader(stream);
        return BsonDocumentSerializer.Instance.Deserialize(BsonDeserializationContext.CreateRoot(reader));
    }

    private static string ReadCString(BinaryReader reader)
    {
        var bytes = new List<byte>();
        while (reader.ReadByte() is not 0 and var next)
        {
            bytes.Add(next);
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
