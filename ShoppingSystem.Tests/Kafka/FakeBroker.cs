using System.Net;
using System.Net.Sockets;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>What listens in a broker's place, and does with each connection what a test wants to see the client's answer to.</summary>
internal abstract class FakeBroker : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopped = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _listening;

    protected FakeBroker()
    {
        _listener.Start();
        _listening = ListenAsync();
    }

    public string BootstrapServers => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        _listener.Dispose();
        await _listening;
        _stopped.Dispose();
    }

    /// <summary>Serves one connection, which is closed when this is over.</summary>
    protected abstract Task ServeAsync(NetworkStream stream, CancellationToken stopped);

    private async Task ListenAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stopped.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or SocketException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                await using var stream = client.GetStream();
                await ServeAsync(stream, _stopped.Token);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // Hung up, by the client or by the end of the test.
        }
    }
}
