using System.Text.Json;
using MongoDB.Driver;
using ShoppingSystem.MockKafka;
using ShoppingSystem.MockMongo;
using ShoppingSystem.MongoDB;
using ShoppingSystem.Tests.Kafka;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Hosts;

/// <summary>
/// The cluster: the real web server and the real management APIs (the recorders) as processes, over Kafka's mock cluster, which is
/// a process as well, and over a stand-in for MongoDB. Services can be killed; brokers take commands (see <see cref="Commands"/>),
/// and so does <see cref="Mongo"/>.
/// </summary>
/// <remarks>
/// librdkafka's mock cluster names the members of a group after addresses of its memory, and dies of an assertion
/// (<c>!member->resp</c>) when two clients have one name, or when one asks to join twice. So nobody may be thrown out who
/// could come back, and the coordinator moves only while nobody is joining (<see cref="UntilSharedAsync"/>).
/// </remarks>
internal sealed class ClusterProcesses : IAsyncDisposable
{
    public const int BrokerCount = 3;

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    // The session is longer than any outage of the brokers here, see above, and shorter than the 15 s that the hosts have by
    // default: the mock cluster lets every change of the group's members take one second less than a session. The keys are those
    // of Aspire's client integration.
    private static readonly (string, string)[] Session =
    [
        ("Aspire__Confluent__Kafka__Consumer__Config__SessionTimeoutMs", "8000"),
        ("Aspire__Confluent__Kafka__Consumer__Config__HeartbeatIntervalMs", "250"),
    ];

    private readonly Brokers? _real;
    private readonly ChildProcess? _kafka;
    private readonly (string, string)[] _settings;
    private readonly MongoClient _client;
    private readonly Uri _webAddress = StandaloneProcess.FreeAddress();
    private readonly List<Uri> _addresses = [StandaloneProcess.FreeAddress()];
    private readonly List<HostProcess> _recorders = [];
    private int _answers = 1;

    private ClusterProcesses(Brokers? real, (string, string)[] settings)
    {
        _real = real;
        _settings = settings;
        _kafka = real is null ? ChildProcess.Start("ShoppingSystem.MockKafka.dll", Kafka.Brokers.DefaultTopic, $"{Kafka.Brokers.DefaultPartitions}") : null;
        _client = new MongoClient(Mongo.ConnectionString());
        Shop = new HttpClient { BaseAddress = _webAddress };
    }

    /// <summary>The brokers, the topic and the group.</summary>
    public Brokers Brokers { get; private set; } = null!;

    /// <summary>The store, and what makes its faults.</summary>
    public MockServer Mongo { get; } = new();

    /// <summary>What is recorded.</summary>
    public MongoPurchaseStore Store => new(_client.GetDatabase(DatabaseName));

    /// <summary>What could not be understood.</summary>
    public MongoDeadLetters DeadLetters => new(_client.GetDatabase(DatabaseName));

    /// <summary>A client of the web server, whichever process that is.</summary>
    public HttpClient Shop { get; }

    public HostProcess Web { get; private set; } = null!;

    /// <summary>The management APIs: each is a member of the group.</summary>
    public IReadOnlyList<HostProcess> Recorders => _recorders;

    private static string DatabaseName => "shopping";

    /// <summary>Starts everything on brokers that can fail, and waits until all services are ready.</summary>
    /// <param name="recorders">How many management APIs.</param>
    /// <param name="settings">Environment variables such as <c>Shopping__AppendDeadline</c>, for all services.</param>
    public static Task<ClusterProcesses> StartAsync(int recorders, params (string Key, string Value)[] settings) =>
        StartAsync(new ClusterProcesses(real: null, [.. Session, .. settings]), recorders);

    /// <summary>
    /// The same for tests that need no faults of the brokers: on real ones with <c>SHOPPING_TEST_KAFKA=host:port</c>.
    /// </summary>
    public static Task<ClusterProcesses> StartAnywhereAsync(int recorders) => Brokers.NewReal() is not { } real
        ? StartAsync(recorders)
        : StartAsync(
            new ClusterProcesses(
                real,
                [
                    ("Shopping__Topic", real.Topic), ("Shopping__Partitions", $"{real.Partitions}"), ("Shopping__ConsumerGroup", real.Group),
                    // The first append waits until the topic is there, and real brokers on a busy machine take their time.
                    .. Session, ("Shopping__AppendDeadline", "00:01:00"),
                ]),
            recorders);

    private static async Task<ClusterProcesses> StartAsync(ClusterProcesses cluster, int recorders)
    {
        try
        {
            cluster.Brokers = cluster._real ?? await cluster.StartBrokersAsync();
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
    public bool BrokersDied => _kafka is { HasExited: true } && _kafka.Errors.Contains("rdkafka_mock", StringComparison.Ordinal);

    /// <summary>Waits as <see cref="Eventually"/> does, for as long as there are brokers.</summary>
    public Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? timeout = null) => Eventually.TrueAsync(
        () => _kafka is { HasExited: true } ? throw new InvalidOperationException($"The brokers died: {_kafka.Errors}") : condition(), timeout ?? Timeout, what);

    /// <summary>Waits until a condition holds.</summary>
    public Task TrueAsync(Func<bool> condition, string what) => TrueAsync(() => Task.FromResult(condition()), what);

    /// <summary>Tells the brokers something.</summary>
    public async Task CommandAsync(string command)
    {
        await _kafka!.WriteLineAsync(command);
        var expected = ++_answers;
        await TrueAsync(() => Answers.Length >= expected, $"the brokers answer to {command}");
        Assert.Equal(Commands.Ok, Answers[expected - 1]);
    }

    /// <summary>Tells every broker something: the command is made of its number.</summary>
    public async Task CommandEachAsync(Func<int, string> command)
    {
        for (var broker = 1; broker <= BrokerCount; broker++)
        {
            await CommandAsync(command(broker));
        }
    }

    /// <summary>Starts the web server, on the address that it always has. The one before must have ended.</summary>
    public async Task StartWebAsync()
    {
        if (Web is not null)
        {
            await Web.DisposeAsync();
        }

        Web = await HostProcess.StartAtAsync(
            _webAddress, HostProgram.WebServer, [("services__management-api__http__0", _addresses[0].ToString()), .. Connections, .. _settings]);
    }

    /// <summary>
    /// Starts a management API: a new member of the group. The web server asks the one at the first address for histories, which
    /// the first one has, and whoever comes after it has ended.
    /// </summary>
    public async Task<HostProcess> StartRecorderAsync()
    {
        if (_addresses.Find(known => _recorders.TrueForAll(recorder => recorder.Address.Port != known.Port)) is not { } address)
        {
            address = StandaloneProcess.FreeAddress();
            _addresses.Add(address);
        }

        var recorder = await HostProcess.StartAtAsync(address, HostProgram.ManagementApi, [.. Connections, .. _settings]);
        _recorders.Add(recorder);
        return recorder;
    }

    /// <summary>Forgets a management API, ending it if it has not ended.</summary>
    public async Task RemoveAsync(HostProcess recorder)
    {
        _recorders.Remove(recorder);
        await recorder.DisposeAsync();
    }

    /// <summary>Stops a management API as an orchestrator does: it ends well, and has no complaint.</summary>
    public async Task StopAsync(HostProcess recorder)
    {
        recorder.Signal();
        Assert.Equal(0, await recorder.ExitAsync());
        Assert.Equal("", recorder.Errors);
        await RemoveAsync(recorder);
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

        foreach (var recorder in _recorders.Where(recorder => recorder.HasExited).ToList())
        {
            ended.Add($"a management API ended with {recorder.ExitCode}: {recorder.Output}");
            await RemoveAsync(recorder);
            await StartRecorderAsync();
        }

        return ended;
    }

    public Task UntilReadyAsync() => TrueAsync(
        async () => await Shop.IsReadyAsync() && (await Task.WhenAll(_recorders.Select(recorder => recorder.Client.IsReadyAsync()))).All(ready => ready),
        "all services are ready");

    /// <summary>Waits until the management APIs share the partitions: each reads some, and together they read all.</summary>
    public Task UntilSharedAsync() => TrueAsync(
        async () => await LagsAsync() is var lags && lags.All(lag => lag.Count > 0) && lags.Sum(lag => lag.Count) == Brokers.Partitions,
        "the management APIs share the partitions");

    /// <summary>Waits until they together read every partition, and have recorded all that is in it.</summary>
    public Task UntilCaughtUpAsync() => TrueAsync(
        async () => await LagsAsync() is var lags && lags.Sum(lag => lag.Count) == Brokers.Partitions && lags.Sum(lag => lag.Sum()) == 0,
        "everything in the log is recorded");

    /// <summary>For each management API, how far it is behind in each of its partitions.</summary>
    public async Task<List<List<long>>> LagsAsync()
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
                // It has ended.
                lags.Add([]);
            }
        }

        return lags;
    }

    /// <summary>Has customers buy until so many purchases are acknowledged.</summary>
    public async Task BuyAsync(BuyingLoad load, int acknowledged)
    {
        await using var buying = Buy(load);
        await TrueAsync(() => load.Acknowledged.Count >= acknowledged, $"{acknowledged} are acknowledged");
    }

    /// <summary>Has customers buy until what is answered is disposed.</summary>
    public IAsyncDisposable Buy(BuyingLoad load) => new Buying(load, Shop.BaseAddress!);

    /// <summary>
    /// Lets everything come to an end: what was not acknowledged is tried again, and all that is in the log is recorded. Then each
    /// purchase that was acknowledged is recorded once, no other is, and nothing is a dead letter.
    /// </summary>
    public async Task NothingIsLostOrDoubledAsync(BuyingLoad load, ITestOutputHelper output, string circumstances)
    {
        await UntilReadyAsync();
        await load.RetryAsync(Shop).WaitAsync(TimeSpan.FromMinutes(2));
        await UntilCaughtUpAsync();
        var recorded = await load.ReadAllHistoriesAsync(_recorders[0].Client);
        if (load.MissingFrom(recorded) is { Count: > 0 } missing)
        {
            output.WriteLine(Whereabouts.Describe(Brokers, missing));
        }

        load.NothingIsLostOrDoubled(recorded, output, circumstances);
        Assert.Equal(recorded.Count, await Store.CountAsync());
        Assert.Equal(0, await DeadLetters.CountAsync());
    }

    /// <summary>What all processes have printed last.</summary>
    public string Describe() => string.Join('\n', _recorders.Prepend(Web).Select(host =>
            $"-- process {host.Id}{(host.HasExited ? $" ended with {host.ExitCode}" : "")}\n{host.Output[^Math.Min(host.Output.Length, 3000)..]}")
        .Append($"-- brokers\n{_kafka?.Errors}"));

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

        _client.Dispose();
        Mongo.Dispose();
        _real?.Dispose();
        if (_kafka is not null)
        {
            await _kafka.DisposeAsync();
        }
    }

    private (string, string)[] Connections =>
        [("ConnectionStrings__kafka", Brokers.BootstrapServers), ("ConnectionStrings__shopping", Mongo.ConnectionString(DatabaseName))];

    // The first is where the brokers listen.
    private string[] Answers => _kafka!.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private async Task<Brokers> StartBrokersAsync()
    {
        await TrueAsync(() => Answers.Length > 0, "the brokers are there");
        return new Brokers(Answers[0]);
    }

    private sealed class Buying : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _buying;

        public Buying(BuyingLoad load, Uri shop) => _buying = load.RunAsync(shop, _stop.Token);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _buying;
            _stop.Dispose();
        }
    }
}
