using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using ShoppingSystem.MockMongo;

// A MongoDB for trying things out where there is no MongoDB: documents in memory, and faults on demand. Stops on Ctrl+C or
// SIGTERM.
if (args is ["--help" or "-h", ..] || args.Length > 2)
{
    Console.WriteLine("mock-mongo [PORT [DATABASE]]   prints the connection string; default: a free port, shopping");
    Console.WriteLine(FaultLines.Help);
    return args.Length > 2 ? 1 : 0;
}

var port = MockServer.AnyPort;
if (args.Length > 0 && !(int.TryParse(args[0], NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= IPEndPoint.MaxPort))
{
    Console.Error.WriteLine($"Not a port: {args[0]}");
    return 1;
}

MockServer server;
try
{
    server = new MockServer(port);
}
catch (SocketException e)
{
    Console.Error.WriteLine($"Port {port}: {e.Message}");
    return 1;
}

using var stopped = new ManualResetEventSlim();
using (server)
{
    using var sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    using var sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    Console.WriteLine(server.ConnectionString(args.ElementAtOrDefault(1) ?? "shopping"));
    new Thread(Listen) { IsBackground = true }.Start();
    stopped.Wait();
}

return 0;

// Without input, the server keeps running.
void Listen()
{
    while (Console.ReadLine() is { } line)
    {
        Console.WriteLine(FaultLines.Run(server, line));
    }
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stopped.Set();
}
