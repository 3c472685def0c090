using System.Net;
using System.Net.Sockets;

namespace ShoppingSystem.Tests.Support;

/// <summary>The real Standalone, in a process of its own, on free ports and a data directory that outlives it.</summary>
internal sealed class StandaloneProcess : IAsyncDisposable
{
    // A busy machine is no reason to refuse a purchase here.
    private const string Patient = "--Shopping:AppendDeadline=00:01:00";

    private const string Program = "ShoppingSystem.Standalone.dll";

    private static int s_lastPort = 20_000 + Random.Shared.Next(10_000);

    private readonly ChildProcess _process;
    private readonly string[] _arguments;
    private readonly Dictionary<string, string> _environment;
    private readonly string? _workingDirectory;

    private StandaloneProcess(
        string[] arguments, Dictionary<string, string> environment, Uri shop, Uri management, string? workingDirectory = null, string? redirection = null)
    {
        _process = ChildProcess.Start(Program, environment, workingDirectory, arguments, redirection);
        _workingDirectory = workingDirectory;
        _arguments = arguments;
        _environment = environment;
        Shop = new HttpClient { BaseAddress = shop };
        Management = new HttpClient { BaseAddress = management };
    }

    /// <summary>A client of the web server.</summary>
    public HttpClient Shop { get; }

    /// <summary>A client of the management API.</summary>
    public HttpClient Management { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What it takes of the machine's memory (bytes).</summary>
    public long WorkingSet => _process.WorkingSet;

    /// <summary>What it has printed so far, both streams.</summary>
    public string Output => _process.Output;

    /// <summary>What it has printed so far to the error stream.</summary>
    public string Errors => _process.Errors;

    /// <summary>A directory for the data of one test; delete it when done.</summary>
    public static string NewDataDirectory() => Directory.CreateTempSubdirectory("shopping-test-").FullName;

    /// <summary>Starts it and waits until both services are ready.</summary>
    public static Task<StandaloneProcess> StartAsync(string dataDirectory, params string[] arguments) =>
        StartAsync(dataDirectory, "127.0.0.1", arguments);

    /// <summary>The same with these environment variables.</summary>
    public static Task<StandaloneProcess> StartAsync(string dataDirectory, Dictionary<string, string> environment, params string[] arguments) =>
        StartAsync(dataDirectory, "127.0.0.1", arguments, environment);

    /// <summary>
    /// The same, listening on the addresses that <paramref name="host"/> stands for, started from <paramref name="workingDirectory"/>
    /// (from the program's own folder when null), its streams redirected as a shell has it.
    /// </summary>
    public static async Task<StandaloneProcess> StartAsync(
        string dataDirectory, string host, string[] arguments, Dictionary<string, string>? environment = null, string? workingDirectory = null,
        string? redirection = null)
    {
        var shop = FreeAddress();
        var management = FreeAddress();
        return await StartAsync(
            [
                $"--Shopping:DataDirectory={dataDirectory}", $"--Shopping:WebServerUrl=http://{host}:{shop.Port}",
                $"--Shopping:ManagementApiUrl=http://{host}:{management.Port}", Patient, .. arguments,
            ],
            environment ?? [], shop, management, workingDirectory, redirection);
    }

    /// <summary>Starts it again after it has exited: same data, same addresses.</summary>
    public Task<StandaloneProcess> StartAgainAsync() => StartAsync(_arguments, _environment, Shop.BaseAddress!, Management.BaseAddress!, _workingDirectory);

    private static async Task<StandaloneProcess> StartAsync(
        string[] arguments, Dictionary<string, string> environment, Uri shop, Uri management, string? workingDirectory, string? redirection = null)
    {
        var standalone = new StandaloneProcess(arguments, environment, shop, management, workingDirectory, redirection);
        try
        {
            await Eventually.TrueAsync(
                async () => !standalone.HasExited ? await standalone.Shop.IsReadyAsync() && await standalone.Management.IsReadyAsync() : throw new InvalidOperationException("it exited"),
                ChildProcess.Timeout, "Standalone is ready");
            return standalone;
        }
        catch (Exception e)
        {
            var output = standalone.Output;
            await standalone.DisposeAsync();
            throw new InvalidOperationException($"Standalone did not start: {output}", e);
        }
    }

    /// <summary>Runs it until it exits by itself; for starts that are refused.</summary>
    public static Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) => RunAsync([], arguments);

    /// <summary>The same with these environment variables.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(Dictionary<string, string> environment, params string[] arguments)
    {
        await using var standalone = new StandaloneProcess(arguments, environment, FreeAddress(), FreeAddress());
        var exitCode = await standalone._process.ExitAsync();
        return (exitCode, standalone.Output, standalone.Errors);
    }

    /// <summary>Starts one of its commands, such as <c>backup</c>.</summary>
    public static ChildProcess Command(params string[] arguments) => ChildProcess.Start(Program, [], arguments);

    /// <summary>
    /// An address on the loopback interface that nobody listens on. Not one that the system hands out to those who connect, of
    /// whom there are many here: it could be taken before it is listened on.
    /// </summary>
    public static Uri FreeAddress()
    {
        while (true)
        {
            var port = Interlocked.Increment(ref s_lastPort);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return new Uri($"http://127.0.0.1:{port}");
            }
            catch (SocketException)
            {
                // Somebody listens there.
            }
        }
    }

    /// <summary>SIGKILL: it has no chance to finish anything.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>Sends a signal and does not wait.</summary>
    public void Signal(int signal = ChildProcess.Sigterm) => _process.Signal(signal);

    /// <summary>Waits until it has ended; answers with the exit code.</summary>
    public Task<int> ExitAsync() => _process.ExitAsync();

    /// <summary>SIGTERM, as an orchestrator stops it, or another signal; answers with the exit code.</summary>
    public Task<int> StopAsync(int signal = ChildProcess.Sigterm)
    {
        Signal(signal);
        return ExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Shop.Dispose();
        Management.Dispose();
    }
}
