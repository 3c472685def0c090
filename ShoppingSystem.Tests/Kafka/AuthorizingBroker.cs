using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>
/// A broker that says what whoever asks may do with the topic, and takes nothing: as much of the protocol as a client needs for
/// that (https://kafka.apache.org/protocol, Metadata version 8).
/// </summary>
internal sealed class AuthorizingBroker(string topic) : AnsweringBroker
{
    private const short Produce = 0;
    private const short Metadata = 3;
    private const short ApiVersions = 18;
    private const short InitProducerId = 22;
    private const int Id = 1;

    /// <summary>Whether whoever asks may see the topic at all.</summary>
    public bool IsSeen { get; set; } = true;

    /// <summary>What it answers to the question for rights; null as brokers before 2.3 do.</summary>
    public AclOperation[]? Rights { get; set; } = [];

    protected override byte[] Answer(short request) => request switch
    {
        ApiVersions =>
        [
            0, 0, 5, .. Versions(Produce, 3, 7), .. Versions(Metadata, 0, 8), .. Versions(ApiVersions, 0, 3), .. Versions(InitProducerId, 0, 1), 0, 0, 0, 0, 0,
        ],
        // Not throttled, no error, the producer's id and epoch.
        InitProducerId => [.. Int32(0), .. Int16(0), .. Int32(0), .. Int32(1), .. Int16(0)],
        // Not throttled; the brokers, no cluster id, the controller, one topic, nothing on rights in the cluster.
        Metadata => [.. Int32(0), .. Brokers(), .. Int16(-1), .. Int32(Id), .. Int32(1), .. Topic(), .. Int32(int.MinValue)],
        var other => throw new IOException($"A request of kind {other} was not expected."),
    };

    private byte[] Brokers()
    {
        var port = int.Parse(BootstrapServers.Split(':')[1], CultureInfo.InvariantCulture);
        return [.. Int32(1), .. Int32(Id), .. Text("127.0.0.1"), .. Int32(port), .. Int16(-1)];
    }

    private byte[] Topic() => IsSeen ? Seen() : [.. Int16((short)ErrorCode.TopicAuthorizationFailed), .. Text(topic), 0, .. Int32(0), .. Int32(int.MinValue)];

    // No error, its name, not internal; one partition with its number, leader, epoch, replicas, those in sync, and none offline.
    private byte[] Seen() =>
    [
        .. Int16(0), .. Text(topic), 0,
        .. Int32(1), .. Int16(0), .. Int32(0), .. Int32(Id), .. Int32(0), .. Int32(1), .. Int32(Id), .. Int32(1), .. Int32(Id), .. Int32(0),
        .. Int32(Rights is { } rights ? rights.Aggregate(0, (bits, right) => bits | (1 << (int)right)) : int.MinValue),
    ];

    private static byte[] Versions(short request, byte first, byte last) => [0, (byte)request, 0, first, 0, last, 0];

    private static byte[] Text(string text) => [.. Int16((short)text.Length), .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Int16(short value)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteInt16BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Int32(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
