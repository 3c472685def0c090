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
    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(2);

    private readonly ChildProcess _process;

    private HostProcess(HostProgram program, (string Key, string Value)[] environment)
    {
        var variables = environment.Append(("ASPNETCORE_URLS", "http://127.0.0.1:0")).ToDictionary();
        _process = ChildProcess.Start(program.Path, variables);
    }

    /// <summary>A client of the host.</summary>
    public HttpClient Client { get; } = new();

    /// <summary>What it has printed so far, both streams.</summary>
    public string Output => _process.Output;

    /// <summary>Starts it and waits until it listens; what it needs may be away.</summary>
    public static async Task<HostProcess> StartAsync(HostProgram program, params (string Key, string Value)[] environment)
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

    /// <summary>Runs it until it exits by itself, for starts that are refused.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(HostProgram program, params (string Key, string Value)[] environment)
    {
        await using var host = new HostProcess(program, environment);
        return (await host._process.ExitAsync(), host.Output);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Client.Dispose();
    }
}
