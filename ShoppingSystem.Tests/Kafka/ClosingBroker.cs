using System.Net;
using System.Net.Sockets;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>
/// A listener that closes a connection on the first that it hears, as a broker does that is spoken to in another protocol than the
/// listener's own (seen on Apache Kafka 4.4: TLS on a plaintext listener, and plaintext on one with TLS or SASL).
/// </summary>
internal sealed class ClosingBroker : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopped = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _serving;

    public ClosingBroker()
    {
        _listener.Start();
        _serving = ServeAsync();
    }

    public string BootstrapServers => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        _listener.Dispose();
        await _serving;
        _stopped.Dispose();
    }

    private async Task ServeAsync()
    {
        var heard = new byte[4096];
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stopped.Token);
                try
                {
                    await client.GetStream().ReadAtLeastAsync(heard, 1, throwOnEndOfStream: false, _stopped.Token);
                }
                catch (IOException)
                {
                    // It has gone already.
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // Stopped.
        }
    }
}
