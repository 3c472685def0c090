using System.Net;
using System.Net.Sockets;

namespace ShoppingSystem.MockMongo;

/// <summary>
/// A port of the loopback interface that this server keeps whether it listens or not: while it does not listen, connections
/// are refused, and no other program gets the port.
/// </summary>
internal sealed class Listener : IDisposable
{
    private const int Backlog = 512;

    private Socket _socket;

    /// <param name="port">The port; 0 for any that is free.</param>
    /// <exception cref="SocketException">The port is taken.</exception>
    public Listener(int port)
    {
        _socket = Bind(port);
        Port = ((IPEndPoint)_socket.LocalEndPoint!).Port;
    }

    public int Port { get; }

    /// <summary>Hands each connection to <paramref name="take"/>, until <see cref="Close"/>.</summary>
    public void Open(Action<Socket> take)
    {
        var socket = _socket;
        socket.Listen(Backlog);
        _ = AcceptAsync(socket, take);
    }

    public void Close()
    {
        _socket.Dispose();
        _socket = Bind(Port);
    }

    public void Dispose() => _socket.Dispose();

    private static async Task AcceptAsync(Socket socket, Action<Socket> take)
    {
        try
        {
            while (true)
            {
                take(await socket.AcceptAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The listener was closed.
        }
    }

    private static Socket Bind(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            // Connections that were just closed must not block the port.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
