using System.Runtime.InteropServices;

namespace ShoppingSystem.MockKafka;

/// <summary>
/// librdkafka's mock cluster: brokers that speak Kafka's protocol over TCP on free ports of the loopback interface, keep
/// everything in memory and fail on demand. Consumer groups and the idempotent producer work; creating topics by request
/// does not, so topics are created here.
/// </summary>
internal sealed class MockCluster : IDisposable
{
    private const int Ok = 0;

    private nint _client;
    private nint _cluster;

    /// <summary>Starts a cluster whose brokers are numbered from 1.</summary>
    public MockCluster(int brokers = 3)
    {
        var conf = Librdkafka.ConfNew();
        _ = Librdkafka.ConfSet(conf, "log_level", "0", 0, 0);
        _client = Librdkafka.New(Librdkafka.Producer, conf, 0, 0);
        _cluster = _client == 0 ? 0 : Librdkafka.MockClusterNew(_client, brokers);
        if (_cluster == 0)
        {
            throw new InvalidOperationException("librdkafka could not start a mock cluster.");
        }

        Brokers = brokers;
        BootstrapServers = Marshal.PtrToStringUTF8(Librdkafka.MockClusterBootstraps(_cluster))!;
        // A new group waits for more members, as on real brokers, where it waits for 3 s.
        Librdkafka.MockGroupInitialRebalanceDelay(_cluster, 100);
    }

    /// <summary>Request types of the protocol, with their numbers.</summary>
    public enum Api : short
    {
        Produce = 0,
        Fetch = 1,
        Metadata = 3,
        OffsetCommit = 8,
        OffsetFetch = 9,
        FindCoordinator = 10,
        JoinGroup = 11,
        Heartbeat = 12,
        LeaveGroup = 13,
        SyncGroup = 14,
        InitProducerId = 22,
    }

    /// <summary>How many brokers there are.</summary>
    public int Brokers { get; }

    /// <summary>The addresses of the brokers: <c>host:port</c>, separated by commas.</summary>
    public string BootstrapServers { get; }

    public void CreateTopic(string topic, int partitions) =>
        Check(Librdkafka.MockTopicCreate(_cluster, topic, partitions, Math.Min(3, Brokers)));

    /// <summary>
    /// Sets <c>group.consumer.heartbeat.interval.ms</c> and <c>group.consumer.session.timeout.ms</c>, for groups in the protocol of Kafka 4.
    /// By default they are 3 s and 30 s here, and 5 s and 45 s on real brokers.
    /// </summary>
    public void SetConsumerGroups(TimeSpan heartbeatInterval, TimeSpan sessionTimeout)
    {
        Librdkafka.MockSetGroupConsumerHeartbeatInterval(_cluster, (int)heartbeatInterval.TotalMilliseconds);
        Librdkafka.MockSetGroupConsumerSessionTimeout(_cluster, (int)sessionTimeout.TotalMilliseconds);
    }

    /// <summary>Deletes a topic with all its events; if it is created again, it starts at offset 0.</summary>
    public void DeleteTopic(string topic) => Check(Librdkafka.MockTopicDelete(_cluster, topic));

    /// <summary>Makes the brokers return this error (a number of the protocol; 0 for none) when they are asked about a topic.</summary>
    public void FailTopic(string topic, int error) => Librdkafka.MockTopicSetError(_cluster, topic, error);

    /// <summary>Stops a broker from answering and closes its connections.</summary>
    public void Stop(int broker) => Check(Librdkafka.MockBrokerSetDown(_cluster, broker));

    public void Start(int broker) => Check(Librdkafka.MockBrokerSetUp(_cluster, broker));

    /// <summary>Delays every answer of a broker by this much.</summary>
    public void SlowDown(int broker, TimeSpan by) => Check(Librdkafka.MockBrokerSetRtt(_cluster, broker, (int)by.TotalMilliseconds));

    /// <summary>Makes the cluster tell clients this address of a broker, instead of the one where it listens.</summary>
    public void Advertise(int broker, string host, int port) => Librdkafka.MockBrokerSetHostPort(_cluster, broker, host, port);

    public void MoveLeader(string topic, int partition, int broker) =>
        Check(Librdkafka.MockPartitionSetLeader(_cluster, topic, partition, broker));

    public void MoveCoordinator(string group, int broker) => Check(Librdkafka.MockCoordinatorSet(_cluster, "group", group, broker));

    /// <summary>Makes the next requests of this type fail with these errors (numbers of the protocol), one each.</summary>
    public void Fail(Api api, params int[] errors) => Librdkafka.MockPushRequestErrors(_cluster, (short)api, (nuint)errors.Length, errors);

    /// <summary>Makes every request of this type fail with this error, until <see cref="StopFailing"/>.</summary>
    public void FailAlways(Api api, int error) => Fail(api, [.. Enumerable.Repeat(error, 10_000)]);

    /// <summary>Lets requests of this type succeed again.</summary>
    public void StopFailing(Api api) => Librdkafka.MockClearRequestErrors(_cluster, (short)api);

    /// <summary>Starts to count requests for <see cref="Requests"/>.</summary>
    public void TrackRequests() => Librdkafka.MockStartRequestTracking(_cluster);

    /// <summary>How many requests of each type have arrived.</summary>
    public Dictionary<short, int> Requests()
    {
        var requests = Librdkafka.MockGetRequests(_cluster, out var count);
        var kinds = new Dictionary<short, int>();
        for (var i = 0; i < (int)count; i++)
        {
            var api = Librdkafka.MockRequestApiKey(Marshal.ReadIntPtr(requests, i * nint.Size));
            kinds[api] = kinds.GetValueOrDefault(api) + 1;
        }

        Librdkafka.MockRequestDestroyArray(requests, count);
        return kinds;
    }

    public void Dispose()
    {
        if (_cluster != 0)
        {
            Librdkafka.MockClusterDestroy(_cluster);
            Librdkafka.Destroy(_client);
            _cluster = _client = 0;
        }
    }

    private static void Check(int error)
    {
        if (error != Ok)
        {
            throw new InvalidOperationException($"The mock cluster refused: librdkafka error {error}.");
        }
    }
}
