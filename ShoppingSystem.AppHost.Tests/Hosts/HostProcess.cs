using Aspire.Hosting;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.AppHost.Tests.Hosts;

/// <summary>One host of the cluster in a process of its own, without Aspire around it; configured by its environment.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(2);

    private readonly ChildProcess _process;

    private HostProcess(IProjectMetadata project, (string Key, string Value)[] environment)
    {
        // .../bin/Release/net10.0/ of these tests and of the host have the same end.
        var output = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar).Split(Path.DirectorySeparatorChar)[^2..];
        var program = Path.Combine([Path.GetDirectoryName(project.ProjectPath)!, "bin", .. output, $"{Path.GetFileNameWithoutExtension(project.ProjectPath)}.dll"]);
        var variables = environment.Append(("ASPNETCORE_URLS", "http://127.0.0.1:0")).ToDictionary();
        _process = ChildProcess.Start(program, variables);
    }

    /// <summary>A client of the host.</summary>
    public HttpClient Client { get; } = new();

    /// <summary>What it has printed so far, both streams.</summary>
    public string Output => _process.Output;

    /// <summary>Starts it and waits until it listens; what it needs may be away.</summary>
    public static async Task<HostProcess> StartAsync<TProject>(params (string Key, string Value)[] environment) where TProject : IProjectMetadata, new()
    {
        const string Listening = "Now listening on: ";
        var host = new HostProcess(new TProject(), environment);
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
    public static async Task<(int ExitCode, string Output)> RunAsync<TProject>(params (string Key, string Value)[] environment) where TProject : IProjectMetadata, new()
    {
        await using var host = new HostProcess(new TProject(), environment);
        return (await host._process.ExitAsync(), host.Output);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Client.Dispose();
    }
}
