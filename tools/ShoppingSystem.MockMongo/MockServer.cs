using System.Net.Sockets;

namespace ShoppingSystem.MockMongo;

/// <summary>
/// A stand-in for mongod: it speaks MongoDB's protocol over TCP on a port of the loopback interface, as the primary of a replica
/// set of one, keeps everything in memory and fails on demand. README.md says what it does not show.
/// </summary>
internal sealed class MockServer : IDisposable
{
    public const int AnyPort = 0;

    /// <summary>A fault that stays until <see cref="Mend"/>.</summary>
    public const int Always = int.MaxValue;

    private readonly Lock _lock = new();
    private readonly Listener _listener;
    private readonly HashSet<Connection> _connections = [];
    private readonly Faults _faults = new();
    private readonly Journal _journal = new();
    private readonly Dispatcher _dispatcher;
    private bool _stopped = true;
    private int _lastConnection;

    /// <exception cref="SocketException">The port is taken.</exception>
    public MockServer(int port = AnyPort)
    {
        _listener = new Listener(port);
        _dispatcher = new Dispatcher(new Handshake(_listener.Port), _faults, _journal);
        Start();
    }

    public int Port => _listener.Port;

    /// <summary>The connection string of this server.</summary>
    /// <param name="database">The database that the connection string names.</param>
    public string ConnectionString(string database = "") => $"mongodb://127.0.0.1:{Port}/{database}?replicaSet={Handshake.SetName}";

    /// <summary>Makes the server unreachable: connections are closed and new ones refused. The data stays.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            if (_stopped)
            {
                return;
            }

            _stopped = true;
            _listener.Close();
            foreach (var connection in _connections)
            {
                connection.Dispose();
            }

            _connections.Clear();
        }
    }

    /// <summary>Makes it reachable again, on the same port and with the same data.</summary>
    public void Start()
    {
        lock (_lock)
        {
            if (_stopped)
            {
                _stopped = false;
                _listener.Open(Take);
            }
        }
    }

    /// <summary>Makes it act like a process that a signal has stopped: it accepts connections and commands, and answers nothing.</summary>
    public void Freeze() => _faults.Freeze();

    /// <summary>Ends <see cref="Freeze"/>; commands that arrived meanwhile are run first.</summary>
    public void Thaw() => _faults.Thaw();

    /// <summary>Delays every command and its answer by this much; handshakes are not delayed.</summary>
    public void SlowDown(TimeSpan by) => _faults.SlowDown(by);

    /// <summary>Makes the next commands of this name meet this fault.</summary>
    /// <param name="command">The name, such as <c>update</c>; <c>*</c> for any.</param>
    /// <param name="fault">The fault that they meet.</param>
    /// <param name="times">How many of them; <see cref="Always"/> until <see cref="Mend"/>.</param>
    /// <param name="collection">Only commands about this collection.</param>
    public void Fail(string command, Fault fault, int times = 1, string? collection = null) => _faults.Add(command, collection, fault, times);

    /// <summary>Removes all faults that <see cref="Fail"/> added.</summary>
    public void Mend() => _faults.Clear();

    /// <summary>Clears <see cref="Commands"/> and starts to note them.</summary>
    public void TrackCommands() => _journal.Track();

    /// <summary>The commands of this name that have arrived, oldest first, without handshakes; all commands without a name.</summary>
    public IReadOnlyList<Request> Commands(string? name = null) =>
        [.. _journal.Requests().Where(request => name is null || request.Name == name)];

    public void Dispose()
    {
        Stop();
        _listener.Dispose();
    }

    private void Take(Socket socket)
    {
        lock (_lock)
        {
            if (_stopped)
            {
                socket.Dispose();
                return;
            }

            socket.NoDelay = true;
            var connection = new Connection(++_lastConnection, socket, _dispatcher);
            _connections.Add(connection);
            _ = ServeAsync(connection);
        }
    }

    private async Task ServeAsync(Connection connection)
    {
        await Task.Yield();
        await connection.ServeAsync();
        lock (_lock)
        {
            _connections.Remove(connection);
        }

        connection.Dispose();
    }
}
