using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ShoppingSystem.Tests.Support;

/// <summary>
/// Customers who buy one thing after the other as fast as they are answered, each on a connection that is kept for as long as
/// no reply says <c>Connection: close</c>. Nothing is tried again: a request that is not answered 202 is lost.
/// </summary>
internal sealed class KeptAliveLoad(IPEndPoint server, int clients) : IAsyncDisposable
{
    private const string End = "\r\n0\r\n\r\n";

    private readonly ConcurrentQueue<string> _lost = new();
    private readonly CancellationTokenSource _stop = new();
    private Task? _running;
    private long _answered;
    private int _connections;

    /// <summary>How many requests were answered 202.</summary>
    public long Answered => Interlocked.Read(ref _answered);

    /// <summary>How many connections it took.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>What became of the others.</summary>
    public IReadOnlyCollection<string> Lost => _lost;

    public void Start() => _running ??= Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(() => RunAsync(client))));

    /// <summary>Stops, once all that was sent is answered.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await (_running ?? Task.CompletedTask);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(int client)
    {
        var body = $$"""{"username":"user1","userid":"customer {{client}}","price":12.00}""";
        var request = Encoding.ASCII.GetBytes($"POST /api/v1/buy HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        var buffer = new byte[8 * 1024];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var connection = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await connection.ConnectAsync(server, CancellationToken.None);
                Interlocked.Increment(ref _connections);
                while (await BuyAsync(connection, request, buffer) && !_stop.IsCancellationRequested)
                {
                }
            }
            catch (SocketException e)
            {
                _lost.Enqueue(e.Message);
            }
        }
    }

    // False when the connection is not to be used any more.
    private async Task<bool> BuyAsync(Socket connection, byte[] request, byte[] buffer)
    {
        await connection.SendAsync(request, CancellationToken.None);
        for (var length = 0; ;)
        {
            var read = await connection.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
            if (read == 0)
            {
                _lost.Enqueue($"closed after {length} bytes of the reply");
                return false;
            }

            length += read;
            var reply = Encoding.ASCII.GetString(buffer, 0, length);
            if (!reply.StartsWith("HTTP/1.1 202 ", StringComparison.Ordinal) && reply.Contains("\r\n\r\n", StringComparison.Ordinal))
            {
                _lost.Enqueue(reply);
                return false;
            }

            if (reply.EndsWith(End, StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _answered);
                return !reply.Contains("\r\nConnection: close\r\n", StringComparison.Ordinal);
            }
        }
    }
}
