using System.Net.Sockets;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>
/// A listener that closes a connection on the first that it hears, as a broker does that is spoken to in another protocol than the
/// listener's own (seen on Apache Kafka 4.4: TLS on a plaintext listener, and plaintext on one with TLS or SASL).
/// </summary>
internal sealed class ClosingBroker : FakeBroker
{
    protected override async Task ServeAsync(NetworkStream stream, CancellationToken stopped) =>
        await stream.ReadAtLeastAsync(new byte[4096], 1, throwOnEndOfStream: false, stopped);
}
