using System.Text.Json;
using ShoppingSystem.MockKafka;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>
/// The cluster with a process for everything: Kafka's brokers, a web server, recorders. Each of them can be killed, and the
/// brokers take commands (see <see cref="Commands"/>).
/// </summary>
/// <remarks>
/// librdkafka's mock cluster names the members of a group after addresses of its memory, and dies of an assertion
/// (<c>!member->resp</c>) when two clients have one name, or when one asks to join twice. So nobody may be thrown out who
/// could come back, and the coordinator moves only while nobody is joining (<see cref="UntilSharedAsync"/>).
/// </remarks>
internal sealed class ClusterProcesses : IAsyncDisposable
{
    public const int Brokers = 3;
    public const int Partitions = Pipeline.Partitions;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly string _directory = StandaloneProcess.NewDataDirectory();
    private readonly ChildProcess _kafka = ChildProcess.Start("ShoppingSystem.MockKafka.dll", Pipeline.Topic, $"{Partitions}");
    private readonly string[] _settings;
    private readonly Uri _webAddress = StandaloneProcess.FreeAddress();
    private readonly List<RecorderProcess> _recorders = [];
    private int _answers = 1;

    private ClusterProcesses(string[] settings)
    {
        _settings = settings;
        Shop = new HttpClient { BaseAddress = _webAddress };
    }

    /// <summary>Where the brokers listen.</summary>
    public string BootstrapServers { get; private set; } = "";

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
            cluster.BootstrapServers = cluster.Answers[0];
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

    /// <summary>Whether the mock cluster has died of its own defect. Then nothing is proven.</summary>
    public bool BrokersDied => _kafka.HasExited && _kafka.Errors.Contains("rdkafka_mock", StringComparison.Ordinal);

    /// <summary>Waits as <see cref="Eventually"/> does, for as long as there are brokers.</summary>
    public Task TrueAsync(Func<Task<bool>> condition, TimeSpan patience, string what) => Eventually.TrueAsync(
        () => _kafka.HasExited ? throw new InvalidOperationException($"The brokers died: {_kafka.Errors}") : condition(), patience, what);

    /// <summary>Tells the brokers something.</summary>
    public async Task CommandAsync(string command)
    {
        await _kafka.WriteLineAsync(command);
        var expected = ++_answers;
        await TrueAsync(() => Task.FromResult(Answers.Length >= expected), ChildProcess.Patience, $"the brokers answer to {command}");
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

    public Task UntilReadyAsync() => TrueAsync(
        async () => await Shop.IsReadyAsync() && (await Task.WhenAll(_recorders.Select(recorder => recorder.Client.IsReadyAsync()))).All(ready => ready),
        Patience, "all services are ready");

    /// <summary>Waits until the recorders share the partitions.</summary>
    public Task UntilSharedAsync() => TrueAsync(
        async () => await LagsAsync() is var lags && lags.All(lag => lag.Count > 0) && lags.Sum(lag => lag.Count) == Partitions,
        Patience, "the recorders share the partitions");

    /// <summary>Waits until the recorders together read every partition, and have recorded all that is in it.</summary>
    public Task UntilCaughtUpAsync() => TrueAsync(
        async () => await LagsAsync() is var lags && lags.Sum(lag => lag.Count) == Partitions && lags.Sum(lag => lag.Sum()) == 0,
        Patience, "everything in the log is recorded");

    // For each recorder, how far it is behind in each of its partitions.
    private async Task<List<List<long>>> LagsAsync()
    {
        var lags = new List<List<long>>();
        foreach (var recorder in _recorders)
        {
            try
            {
                using var statistics = JsonDocument.Parse(await recorder.Client.GetStringAsync("/api/v1/stats"));
                lags.Add([.. statistics.RootElement.GetProperty("lag").EnumerateArray().Select(partition => partition.GetProperty("lag").GetInt64())]);
            }
            catch (HttpRequestException)
            {
                // Still starting.
                lags.Add([]);
            }
        }

        return lags;
    }

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
        ClusterService.Program, [service, $"--urls={address}", $"--ConnectionStrings:kafka={BootstrapServers}", .. _settings, .. arguments]);
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
