using System.Buffers.Binary;
using System.Net.Sockets;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>A broker that has an answer to each kind of request, whatever else is in it.</summary>
internal abstract class AnsweringBroker : FakeBroker
{
    protected sealed override async Task ServeAsync(NetworkStream stream, CancellationToken stopped)
    {
        var size = new byte[4];
        while (true)
        {
            await stream.ReadExactlyAsync(size, stopped);
            var request = new byte[BinaryPrimitives.ReadInt32BigEndian(size)];
            await stream.ReadExactlyAsync(request, stopped);
            byte[] reply = [.. request[4..8], .. Answer(BinaryPrimitives.ReadInt16BigEndian(request))];
            BinaryPrimitives.WriteInt32BigEndian(size, reply.Length);
            await stream.WriteAsync((byte[])[.. size, .. reply], stopped);
        }
    }

    /// <param name="request">The API key.</param>
    /// <returns>The body of the response.</returns>
    protected abstract byte[] Answer(short request);
}
