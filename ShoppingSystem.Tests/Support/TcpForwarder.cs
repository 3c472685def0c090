using System.Net;
using System.Net.Sockets;

namespace ShoppingSystem.Tests.Support;

/// <summary>
/// A load balancer of layer 4, as kube-proxy is one: leads each new connection to the next of its hosts, and leaves those that
/// there are alone.
/// </summary>
internal sealed class TcpForwarder : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly List<Uri> _hosts = [];
    private readonly List<Task> _connections = [];
    private readonly Task _accepting;
    private int _next;

    public TcpForwarder()
    {
        _listener.Start(backlog: 1024);
        _accepting = AcceptAsync();
    }

    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndpoint;

    public void Add(Uri host)
    {
        lock (_gate)
        {
            _hosts.Add(host);
        }
    }

    /// <summary>New connections do not go there any more.</summary>
    public void Remove(Uri host)
    {
        lock (_gate)
        {
            _hosts.Remove(host);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync(_stopping.Token);
                lock (_gate)
                {
                    _connections.Add(ForwardAsync(client, _hosts[_next++ % _hosts.Count]));
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task ForwardAsync(Socket client, Uri host)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (client)
        {
            client.NoDelay = true;
            try
            {
                await server.ConnectAsync(IPAddress.Parse(host.Host), host.Port, _stopping.Token);
                await Task.WhenAll(CopyAsync(client, server), CopyAsync(server, client));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // The client sees its connection break.
            }
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[8 * 1024];
        try
        {
            for (int read; (read = await from.ReceiveAsync(buffer, _stopping.Token)) > 0;)
            {
                for (var sent = 0; sent < read;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), _stopping.Token);
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            from.Dispose();
            to.Dispose();
            throw;
        }
    }
}
