using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace ShoppingSystem.Tests.Support;

/// <summary>The real Standalone, in a process of its own, on free ports and a data directory that outlives it.</summary>
internal sealed class StandaloneProcess : IAsyncDisposable
{
    public const int Sigint = 2;
    public const int Sigterm = 15;

    // A busy machine is no reason to refuse a purchase here.
    private const string Patient = "--Shopping:AppendDeadline=00:01:00";

    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string[] _arguments;
    private readonly Dictionary<string, string> _environment;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();

    private StandaloneProcess(Process process, string[] arguments, Dictionary<string, string> environment, Uri shop, Uri management)
    {
        _process = process;
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

    /// <summary>What it has printed so far, both streams.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>What it has printed so far to the error stream.</summary>
    public string Errors
    {
        get
        {
            lock (_output)
            {
                return _errors.ToString();
            }
        }
    }

    /// <summary>A directory for the data of one test; delete it when done.</summary>
    public static string NewDataDirectory() => Directory.CreateTempSubdirectory("shopping-test-").FullName;

    /// <summary>Starts it and waits until both services are ready.</summary>
    public static Task<StandaloneProcess> StartAsync(string dataDirectory, params string[] arguments) =>
        StartAsync(dataDirectory, "127.0.0.1", arguments);

    /// <summary>The same with these environment variables.</summary>
    public static Task<StandaloneProcess> StartAsync(string dataDirectory, Dictionary<string, string> environment, params string[] arguments) =>
        StartAsync(dataDirectory, "127.0.0.1", arguments, environment);

    /// <summary>The same with the web server listening on the addresses that <paramref name="shopHost"/> stands for.</summary>
    public static async Task<StandaloneProcess> StartAsync(
        string dataDirectory, string shopHost, string[] arguments, Dictionary<string, string>? environment = null)
    {
        var shop = FreeAddress();
        var management = FreeAddress();
        return await StartAsync(
            [$"--Shopping:DataDirectory={dataDirectory}", $"--Shopping:WebServerUrl=http://{shopHost}:{shop.Port}", $"--Shopping:ManagementApiUrl={management}", Patient, .. arguments], environment ?? [], shop, management);
    }

    /// <summary>Starts it again after it has exited: same data, same addresses.</summary>
    public Task<StandaloneProcess> StartAgainAsync() => StartAsync(_arguments, _environment, Shop.BaseAddress!, Management.BaseAddress!);

    private static async Task<StandaloneProcess> StartAsync(string[] arguments, Dictionary<string, string> environment, Uri shop, Uri management)
    {
        var standalone = Launch(arguments, environment, shop, management);
        try
        {
            await Eventually.TrueAsync(
                async () => !standalone.HasExited ? await IsReady(standalone.Shop) && await IsReady(standalone.Management) : throw new InvalidOperationException("it exited"),
                StartTime, "Standalone is ready");
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
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        await using var standalone = Launch(arguments, [], FreeAddress(), FreeAddress());
        await standalone._process.WaitForExitAsync(new CancellationTokenSource(StartTime).Token);
        return (standalone._process.ExitCode, standalone.Output, standalone.Errors);
    }

    /// <summary>An address on the loopback interface that nobody listens on.</summary>
    public static Uri FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
    }

    /// <summary>SIGKILL: it has no chance to finish anything.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, as an orchestrator stops it, or another signal; answers with the exit code.</summary>
    public async Task<int> StopAsync(int signal = Sigterm)
    {
        _ = Signal(_process.Id, signal);
        await _process.WaitForExitAsync(new CancellationTokenSource(StartTime).Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
        Shop.Dispose();
        Management.Dispose();
    }

    private static StandaloneProcess Launch(string[] arguments, Dictionary<string, string> environment, Uri shop, Uri management)
    {
        var program = Path.Combine(Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location)!, "ShoppingSystem.Standalone.dll");
        var process = new Process
        {
            StartInfo = new ProcessStartInfo("dotnet", [program, .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = Path.GetDirectoryName(program),
            },
        };
        foreach (var (name, value) in environment)
        {
            process.StartInfo.Environment[name] = value;
        }

        var standalone = new StandaloneProcess(process, arguments, environment, shop, management);
        process.OutputDataReceived += standalone.Keep;
        process.ErrorDataReceived += standalone.KeepError;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return standalone;
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_output)
        {
            _output.AppendLine(line.Data);
        }
    }

    private void KeepError(object sender, DataReceivedEventArgs line)
    {
        Keep(sender, line);
        lock (_output)
        {
            if (line.Data is not null)
            {
                _errors.AppendLine(line.Data);
            }
        }
    }

    private static async Task<bool> IsReady(HttpClient client)
    {
        try
        {
            using var reply = await client.GetAsync("/-/ready");
            return reply.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int process, int signal);
}
