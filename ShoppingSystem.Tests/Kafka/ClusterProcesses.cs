using System.Text.Json;
using ShoppingSystem.MockKafka;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>
/// The cluster with a process for everything: Kafka's brokers, a web server, recorders. Each of them can be killed, and the
/// brokers take commands (see <see cref="Commands"/>).
/// </summary>
internal sealed class ClusterProcesses : IAsyncDisposable
{
    public const int Brokers = 3;
    public const int Partitions = 12;

    private readonly string _directory = StandaloneProcess.NewDataDirectory();
    private readonly ChildProcess _kafka = ChildProcess.Start("ShoppingSystem.MockKafka.dll", Pipeline.Topic, $"{Partitions}");
    private readonly string[] _settings;
    private readonly Uri _webAddress = StandaloneProcess.FreeAddress();
    private readonly List<RecorderProcess> _recorders = [];
    private string _bootstrapServers = "";
    private int _answers = 1;

    private ClusterProcesses(string[] settings)
    {
        _settings = settings;
        Shop = new HttpClient { BaseAddress = _webAddress };
    }

    /// <summary>A client of the web server, whichever process that is.</summary>
    public HttpClient Shop { get; }

    public ChildProcess Web { get; private set; } = null!;

    public IReadOnlyList<RecorderProcess> Recorders => _recorders;

    /// <summary>Starts everything and waits until the web server and the recorders are ready.</summary>
    /// <param name="recorders">How many recorders.</param>
    /// <param name="settings">Such as <c>--Shopping:AppendDeadline=00:00:02</c>, for all services.</param>
    public static async Task<ClusterProcesses> StartAsync(int recorders, params string[] settings)
    {
        var cluster = new ClusterProcesses(settings);
        try
        {
            await Eventually.TrueAsync(() => cluster.Answers.Length > 0, "the brokers are there");
            cluster._bootstrapServers = cluster.Answers[0];
            await cluster.StartWebAsync();
            for (var i = 0; i < recorders; i++)
            {
                await cluster.StartRecorderAsync();
            }

            await cluster.UntilReadyAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Tells the brokers something.</summary>
    public async Task CommandAsync(string command)
    {
        await _kafka.WriteLineAsync(command);
        var expected = ++_answers;
        await Eventually.TrueAsync(
            () => Answers.Length >= expected || (_kafka.HasExited ? throw new InvalidOperationException($"The mock cluster died: {_kafka.Output}") : false),
            $"the brokers answer to {command}");
        Assert.Equal(Commands.Ok, Answers[expected - 1]);
    }

    /// <summary>Starts the web server, on the address that it always has. The one before must have ended.</summary>
    public async Task StartWebAsync()
    {
        if (Web is not null)
        {
            await Web.DisposeAsync();
        }

        Web = Start(ClusterService.Web, _webAddress);
    }

    /// <summary>Starts a recorder: a new member of the group.</summary>
    public Task<RecorderProcess> StartRecorderAsync()
    {
        var address = StandaloneProcess.FreeAddress();
        var recorder = new RecorderProcess(Start(ClusterService.Recorder, address, $"--record={Path.Combine(_directory, "purchases.db")}"), address);
        _recorders.Add(recorder);
        return Task.FromResult(recorder);
    }

    /// <summary>Forgets a recorder, ending it if it has not ended.</summary>
    public async Task RemoveAsync(RecorderProcess recorder)
    {
        _recorders.Remove(recorder);
        await recorder.DisposeAsync();
    }

    /// <summary>Starts whatever has ended by itself, as an orchestrator does; answers with what that was.</summary>
    public async Task<List<string>> StartWhatEndedAsync()
    {
        var ended = new List<string>();
        if (Web.HasExited)
        {
            ended.Add($"the web server ended with {Web.ExitCode}: {Web.Output}");
            await StartWebAsync();
        }

        foreach (var recorder in _recorders.Where(recorder => recorder.Process.HasExited).ToList())
        {
            ended.Add($"a recorder ended with {recorder.Process.ExitCode}: {recorder.Process.Output}");
            await RemoveAsync(recorder);
            await StartRecorderAsync();
        }

        return ended;
    }

    public Task UntilReadyAsync() => Eventually.TrueAsync(
        async () => await Shop.IsReadyAsync() && (await Task.WhenAll(_recorders.Select(recorder => recorder.Client.IsReadyAsync()))).All(ready => ready),
        TimeSpan.FromMinutes(2), "all services are ready");

    /// <summary>Waits until the recorders together read every partition, and have recorded all that is in it.</summary>
    public Task UntilCaughtUpAsync() => Eventually.TrueAsync(
        async () =>
        {
            var lags = new List<long>();
            foreach (var recorder in _recorders)
            {
                using var statistics = JsonDocument.Parse(await recorder.Client.GetStringAsync("/api/v1/stats"));
                lags.AddRange(statistics.RootElement.GetProperty("lag").EnumerateArray().Select(partition => partition.GetProperty("lag").GetInt64()));
            }

            return lags.Count == Partitions && lags.Sum() == 0;
        },
        TimeSpan.FromMinutes(3), "everything in the log is recorded");

    /// <summary>What all processes have printed last.</summary>
    public string Describe() => string.Join('\n', _recorders.Select(recorder => recorder.Process).Prepend(Web).Append(_kafka).Select(
        process => $"-- process {process.Id}{(process.HasExited ? $" ended with {process.ExitCode}" : "")}\n{process.Output[^Math.Min(process.Output.Length, 3000)..]}"));

    public async ValueTask DisposeAsync()
    {
        Shop.Dispose();
        if (Web is not null)
        {
            await Web.DisposeAsync();
        }

        foreach (var recorder in _recorders.ToList())
        {
            await RemoveAsync(recorder);
        }

        await _kafka.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    // The first is where the brokers listen.
    private string[] Answers => _kafka.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private ChildProcess Start(string service, Uri address, params string[] arguments) => ChildProcess.Start(
        ClusterService.Program, [service, $"--urls={address}", $"--ConnectionStrings:kafka={_bootstrapServers}", .. _settings, .. arguments]);
}

internal sealed class RecorderProcess(ChildProcess process, Uri address) : IAsyncDisposable
{
    public ChildProcess Process => process;

    /// <summary>A client of its management API.</summary>
    public HttpClient Client { get; } = new() { BaseAddress = address };

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await process.DisposeAsync();
    }
}
