using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Hosts;

/// <summary>A host of the cluster: the program as it is deployed.</summary>
internal sealed class HostProgram
{
    public static readonly HostProgram WebServer = new("ShoppingSystem.WebServer");
    public static readonly HostProgram ManagementApi = new("ShoppingSystem.ManagementApi");

    private HostProgram(string project)
    {
        // These tests and the host have the same end: .../PROJECT/bin/Release/net10.0/.
        string[] parts = AppContext.BaseDirectory.TrimEnd(System.IO.Path.DirectorySeparatorChar).Split(System.IO.Path.DirectorySeparatorChar);
        Path = string.Join(System.IO.Path.DirectorySeparatorChar, [.. parts[..^4], project, .. parts[^3..], $"{project}.dll"]);
    }

    /// <summary>The assembly.</summary>
    public string Path { get; }
}

/// <summary>One host of the cluster in a process of its own, without Aspire around it; configured by its environment.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private const string Urls = "ASPNETCORE_URLS";

    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(2);

    private readonly ChildProcess _process;

    private HostProcess(HostProgram program, IEnumerable<(string Key, string Value)> environment)
    {
        var variables = new Dictionary<string, string> { [Urls] = "http://127.0.0.1:0" };
        foreach (var (key, value) in environment)
        {
            variables[key] = value;
        }

        _process = ChildProcess.Start(program.Path, variables);
    }

    /// <summary>A client of the host.</summary>
    public HttpClient Client { get; } = new();

    /// <summary>Where it listens.</summary>
    public Uri Address => Client.BaseAddress!;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>What it has printed so far, both streams.</summary>
    public string Output => _process.Output;

    /// <summary>What it has printed so far to the error stream.</summary>
    public string Errors => _process.Errors;

    /// <summary>
    /// Starts it and waits until it listens, on a free port where the environment names none; what it needs may be away. Of two
    /// variables of one name the last counts.
    /// </summary>
    public static async Task<HostProcess> StartAsync(HostProgram program, params IEnumerable<(string Key, string Value)> environment)
    {
        const string Listening = "Now listening on: ";
        var host = new HostProcess(program, environment);
        try
        {
            await Eventually.TrueAsync(
                () => host._process.HasExited
                    ? throw new InvalidOperationException("it exited")
                    : Task.FromResult(host.Output.Split(Environment.NewLine).Any(line => line.Contains(Listening, StringComparison.Ordinal))),
                StartTime, "it listens");
        }
        catch (Exception e)
        {
            await host.DisposeAsync();
            throw new InvalidOperationException($"The host did not start: {host.Output}", e);
        }

        var address = host.Output[(host.Output.IndexOf(Listening, StringComparison.Ordinal) + Listening.Length)..].Split(Environment.NewLine)[0];
        host.Client.BaseAddress = new Uri(address);
        return host;
    }

    /// <summary>The same on this address.</summary>
    public static Task<HostProcess> StartAtAsync(Uri address, HostProgram program, IEnumerable<(string Key, string Value)> environment) =>
        StartAsync(program, [.. environment, (Urls, address.ToString())]);

    /// <summary>Runs it until it exits by itself, for starts that are refused.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(HostProgram program, params IEnumerable<(string Key, string Value)> environment)
    {
        await using var host = new HostProcess(program, environment);
        return (await host._process.ExitAsync(), host.Output);
    }

    /// <summary>SIGKILL: it has no chance to finish anything.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>SIGTERM, as an orchestrator stops it, or another signal; does not wait.</summary>
    public void Signal(int signal = ChildProcess.Sigterm) => _process.Signal(signal);

    /// <summary>Waits until it has ended; answers with the exit code.</summary>
    public Task<int> ExitAsync() => _process.ExitAsync();

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Client.Dispose();
    }
}
