using System.Reflection;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShoppingSystem.Kafka;
using ShoppingSystem.MockKafka;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>What the log on Kafka does beyond the contract of the port, and what comes with it: topic, health, options.</summary>
public sealed class LogTests(ITestOutputHelper output)
{
    private const int ClusterAuthorizationFailed = 31;
    private const int NotEnoughReplicas = 19;

    [Fact]
    public async Task When_the_queue_is_full_callers_wait_for_room()
    {
        using var brokers = Brokers.New();
        await using var host = await KafkaHost.StartAsync(brokers, feed: false, settings: [("Shopping:MaxPendingAppends", "5"), ("Shopping:AppendDeadline", "00:01:00")]);

        await Task.WhenAll(Some.Purchases(200).Select(purchase => host.Log.AppendAsync(purchase).AsTask()));
    }

    [Fact]
    public async Task A_purchase_that_waits_for_room_until_the_deadline_is_refused()
    {
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster, feed: false, settings: [("Shopping:MaxPendingAppends", "1"), ("Shopping:AppendDeadline", "00:00:01")]);
        StopAll(cluster);

        foreach (var append in Some.Purchases(3).Select(purchase => host.Log.AppendAsync(purchase).AsTask()).ToList())
        {
            await Assert.ThrowsAsync<PurchaseLogUnavailableException>(() => append);
        }
    }

    [Fact]
    public async Task Cancellation_stops_the_wait_only()
    {
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster, settings: ("Shopping:AppendDeadline", "00:01:00"));
        cluster.SlowDown(1, TimeSpan.FromSeconds(1));
        cluster.SlowDown(2, TimeSpan.FromSeconds(1));
        cluster.SlowDown(3, TimeSpan.FromSeconds(1));
        using var impatient = new CancellationTokenSource();

        var append = host.Log.AppendAsync(Some.Purchase("u1"), impatient.Token).AsTask();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);

        await foreach (var batch in host.Feed.ReadAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token))
        {
            Assert.Single(batch.Events);
            break;
        }
    }

    /// <summary>
    /// Two requests for one partition are on their way; the first is turned down, the second is not. From that the client
    /// infers that the first was written, too, and reports success. Brokers turn down what comes after a gap, but not when they
    /// have nothing of the producer in that partition yet; the mock cluster never does.
    /// </summary>
    [Fact]
    public async Task What_the_client_only_infers_to_be_written_is_not_lost()
    {
        using var cluster = new MockCluster(brokers: 1);
        cluster.CreateTopic("purchases", 1);
        await using var host = await KafkaHost.StartAsync(cluster, settings: ("Shopping:AppendDeadline", "00:01:00"));
        await host.Log.AppendAsync(Some.Purchase());
        cluster.TrackRequests();
        // Long enough for the second to be on its way before the answer to the first.
        cluster.SlowDown(1, TimeSpan.FromSeconds(3));
        cluster.Fail(MockCluster.Api.Produce, NotEnoughReplicas);

        Purchase[] purchases = [Some.Purchase(), Some.Purchase()];
        var appends = new List<Task>();
        foreach (var purchase in purchases)
        {
            appends.Add(host.Log.AppendAsync(purchase).AsTask());
            await Eventually.TrueAsync(
                () => cluster.Requests().GetValueOrDefault((short)MockCluster.Api.Produce) >= appends.Count, $"request {appends.Count} is on its way");
        }

        await Task.WhenAll(appends);
        cluster.SlowDown(1, TimeSpan.Zero);
        var last = Some.Purchase();
        await host.Log.AppendAsync(last);
        var fed = new List<Guid>();
        await foreach (var batch in host.Feed.ReadAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token))
        {
            fed.AddRange(batch.Events.Select(
                e => PurchaseEvent.TryRead(e, out var purchase, out var reason) ? purchase.Id : throw new InvalidOperationException(reason)));
            if (fed.Contains(last.Id))
            {
                break;
            }
        }

        Assert.All(purchases, purchase => Assert.Contains(purchase.Id, fed));
    }

    [Fact]
    public async Task A_failed_test_reports_where_a_missing_purchase_is()
    {
        using var brokers = Brokers.New();
        await using var host = await KafkaHost.StartAsync(brokers);
        var (skipped, late, lost) = (Some.Purchase(), Some.Purchase(), Some.Purchase());
        await host.Log.AppendAsync(skipped);
        await foreach (var batch in host.Feed.ReadAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token))
        {
            await batch.CommitAsync();
            break;
        }

        await host.Log.AppendAsync(late);

        var text = Whereabouts.Describe(brokers, [skipped.Id, late.Id, lost.Id]);

        output.WriteLine(text);
        Assert.Matches($@"{skipped.Id}: partition \d+ offset 0, committed\s", text);
        Assert.Matches($@"{late.Id}: partition \d+ offset 1, not committed\s", text);
        Assert.Contains($"{lost.Id}: not in the log", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_producer_that_cannot_go_on_stops_the_host()
    {
        using var cluster = NewCluster();
        cluster.Fail(MockCluster.Api.InitProducerId, ClusterAuthorizationFailed);
        await using var host = await KafkaHost.StartAsync(cluster, feed: false);

        var why = await Assert.ThrowsAsync<PurchaseLogUnavailableException>(() => host.Log.AppendAsync(Some.Purchase()).AsTask());
        output.WriteLine(why.Message);

        var stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        await Eventually.TrueAsync(async () =>
        {
            await Assert.ThrowsAsync<PurchaseLogUnavailableException>(() => host.Log.AppendAsync(Some.Purchase()).AsTask());
            return stopping.IsCancellationRequested;
        }, "the host stops");
    }

    [Fact]
    public async Task Health_asks_for_metadata_now_and_then_and_produces_nothing()
    {
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster, feed: false);
        var health = host.Services.GetRequiredService<HealthCheckService>();
        await Eventually.TrueAsync(async () => (await health.CheckHealthAsync()).Status is HealthStatus.Healthy, TimeSpan.FromSeconds(60), "healthy");
        cluster.TrackRequests();

        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => health.CheckHealthAsync()));

        var requests = cluster.Requests();
        Assert.DoesNotContain((short)MockCluster.Api.Produce, requests.Keys);
        Assert.InRange(requests.GetValueOrDefault((short)MockCluster.Api.Metadata), 0, 20);
        StopAll(cluster);
        await Eventually.TrueAsync(async () => (await health.CheckHealthAsync()).Status is HealthStatus.Unhealthy, TimeSpan.FromSeconds(60), "unhealthy");
        Assert.Equal("kafka", Assert.Single((await health.CheckHealthAsync()).Entries).Key);
    }

    [Fact]
    public async Task A_host_starts_without_brokers_and_works_when_they_come()
    {
        using var cluster = NewCluster();
        StopAll(cluster);
        await using var host = await KafkaHost.StartAsync(cluster, feed: false, settings: ("Shopping:AppendDeadline", "00:01:00"));
        var append = host.Log.AppendAsync(Some.Purchase()).AsTask();
        for (var broker = 1; broker <= cluster.Brokers; broker++)
        {
            cluster.Start(broker);
        }

        await append;
    }

    [Fact]
    public async Task A_client_that_reaches_no_broker_is_told_again_where_it_finds_them_again()
    {
        var admin = FakeAdmin.Create(ErrorCode.NoError, out var fake);
        fake.IsAway = true;
        using var topic = new TopicUnderTest(admin, brokers: "b1:9092,b2:9092");
        _ = topic.Watch.EnsureTopicAsync();

        await Eventually.TrueAsync(() => fake.Told == "b1:9092,b2:9092", "it is told");
    }

    [Fact]
    public async Task A_missing_topic_is_a_warning_and_can_be_created_later()
    {
        // The mock cluster has no controller that could create it.
        using var cluster = new MockCluster();
        await using var host = await KafkaHost.StartAsync(cluster, settings: ("Shopping:AppendDeadline", "00:01:00"));
        await Eventually.TrueAsync(() => host.Warnings.Any(line => line.Contains("can't be looked up or created yet", StringComparison.Ordinal)), "a warning");
        await using var reading = host.Feed.ReadAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token).GetAsyncEnumerator();
        var first = reading.MoveNextAsync();

        cluster.CreateTopic("purchases", 3);

        await host.Log.AppendAsync(Some.Purchase());
        Assert.True(await first);
    }

    [Fact]
    public async Task A_topic_that_may_not_be_created_is_a_warning_and_nothing_more()
    {
        var admin = FakeAdmin.Create(ErrorCode.TopicAuthorizationFailed, out _);
        var warnings = new Warnings();
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(warnings));
        using var topic = new TopicUnderTest(admin, loggers: loggers);

        await topic.Watch.EnsureTopicAsync().WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Contains("Create it with 12 partitions", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_topic_with_fewer_partitions_is_a_warning_that_names_both_numbers()
    {
        using var cluster = new MockCluster();
        cluster.CreateTopic("purchases", 3);
        await using var host = await KafkaHost.StartAsync(cluster, feed: false, settings: ("Shopping:Partitions", "7"));

        await Eventually.TrueAsync(() => host.Warnings.Any(line => line.Contains("has 3 partitions, 7 are configured", StringComparison.Ordinal)), "a warning");
        await host.Log.AppendAsync(Some.Purchase());
    }

    [Theory]
    [InlineData(ErrorCode.NoError)]
    [InlineData(ErrorCode.TopicAlreadyExists)]
    public async Task A_missing_topic_is_created_with_the_configured_partitions(ErrorCode answer)
    {
        var admin = FakeAdmin.Create(answer, out var fake);
        using var topic = new TopicUnderTest(admin, new KafkaOptions { Topic = "t", Partitions = 5 });

        await topic.Watch.EnsureTopicAsync().WaitAsync(TimeSpan.FromSeconds(60));

        var created = Assert.Single(fake.Created);
        Assert.Equal(("t", 5, (short)-1), (created.Name, created.NumPartitions, created.ReplicationFactor));
    }

    [Fact]
    public async Task A_topic_that_is_deleted_while_the_service_runs_is_created_again()
    {
        var admin = FakeAdmin.Create(ErrorCode.NoError, out var fake);
        using var topic = new TopicUnderTest(admin);
        await topic.Watch.EnsureTopicAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Single(fake.Created);

        fake.Delete();

        await Eventually.TrueAsync(() => fake.Created.Count == 2, "it is there again");
    }

    [Fact]
    public async Task A_missing_topic_is_created_once_enough_brokers_have_started_for_its_replicas()
    {
        var admin = FakeAdmin.Create(ErrorCode.NoError, out var fake);
        fake.AnswersBefore.Enqueue(ErrorCode.InvalidReplicationFactor);
        using var topic = new TopicUnderTest(admin);

        await topic.Watch.EnsureTopicAsync().WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(2, fake.Created.Count);
    }

    [Theory]
    [InlineData("Shopping:Topic", "two words")]
    [InlineData("Shopping:Topic", "")]
    [InlineData("Shopping:Partitions", "0")]
    [InlineData("Shopping:ConsumerGroup", "")]
    [InlineData("Shopping:MaxPendingAppends", "0")]
    public async Task A_wrong_Kafka_setting_stops_the_start_and_is_named(string key, string value)
    {
        using var cluster = NewCluster();

        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => KafkaHost.StartAsync(cluster, feed: false, settings: (key, value)));

        Assert.Contains(key, refusal.Message, StringComparison.Ordinal);
    }

    private static MockCluster NewCluster()
    {
        var cluster = new MockCluster();
        cluster.CreateTopic("purchases", 12);
        return cluster;
    }

    private static void StopAll(MockCluster cluster)
    {
        for (var broker = 1; broker <= cluster.Brokers; broker++)
        {
            cluster.Stop(broker);
        }
    }

    /// <summary>Brokers that know no topic, and answer a request to create one as told.</summary>
#pragma warning disable CA1852 // A dispatch proxy is derived from at run time.
    private class FakeAdmin : DispatchProxy
    {
        private ErrorCode _answer;
        private bool _exists;

        public List<TopicSpecification> Created { get; } = [];

        public Queue<ErrorCode> AnswersBefore { get; } = new();

        public bool IsAway { get; set; }

        public string? Told { get; private set; }

        public void Delete() => _exists = false;

        public static IAdminClient Create(ErrorCode answer, out FakeAdmin fake)
        {
            var admin = Create<IAdminClient, FakeAdmin>();
            fake = (FakeAdmin)(object)admin;
            fake._answer = answer;
            return admin;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            switch (targetMethod!.Name)
            {
                case nameof(IAdminClient.GetMetadata) when IsAway:
                    throw new KafkaException(ErrorCode.Local_Transport);
                case nameof(IAdminClient.AddBrokers):
                    Told = (string)args![0]!;
                    return 1;
                case nameof(IAdminClient.GetMetadata):
                    return new Metadata([], [new TopicMetadata((string)args![0]!, [], new Error(_exists ? ErrorCode.NoError : ErrorCode.UnknownTopicOrPart))], 1, "fake");
                case nameof(IAdminClient.CreateTopicsAsync):
                    Created.AddRange((IEnumerable<TopicSpecification>)args![0]!);
                    var code = AnswersBefore.TryDequeue(out var answer) ? answer : _answer;
                    _exists = code is ErrorCode.NoError or ErrorCode.TopicAlreadyExists;
                    return code is not ErrorCode.NoError
                        ? Task.FromException(new CreateTopicsException([new CreateTopicReport { Error = new Error(code) }]))
                        : Task.CompletedTask;
                case nameof(IDisposable.Dispose):
                    return null;
                default:
                    throw new NotSupportedException(targetMethod.Name);
            }
        }
    }

#pragma warning restore CA1852
}
