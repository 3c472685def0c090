using System.Net;
using System.Text.Json;
using Confluent.Kafka;
using Microsoft.Extensions.DependencyInjection;
using ShoppingSystem.Kafka;
using ShoppingSystem.MockKafka;
using ShoppingSystem.MockMongo;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Hosts;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>A feed that can't be read says so, with the reason, and what is lost of it is told.</summary>
public sealed class HeldUpFeedTests(ITestOutputHelper output)
{
    private const int Events = 240;
    private const int TopicAuthorizationFailed = 29;
    private const int GroupAuthorizationFailed = 30;
    private const int FencedInstanceId = 82;
    private const int RebalanceInProgress = 27;
    private const int UnknownServerError = -1;

    private const string MissingOnTopic = "the topic purchases may not be read: the right Read on the topic is missing";
    private const string MissingOnGroup = "the group management-api-group may not be used: the right Read on the group is missing";

    [Fact]
    public async Task A_missing_right_to_read_the_topic_is_a_problem_until_it_is_granted()
    {
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster);
        await host.Log.AppendAsync(Events);
        cluster.FailAlways(MockCluster.Api.Fetch, TopicAuthorizationFailed);
        await using var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        var first = reading.MoveNextAsync().AsTask();

        await Eventually.TrueAsync(() => host.Feed.Problem is not null, "it is known");

        Assert.Equal(MissingOnTopic, host.Feed.Problem);
        Assert.DoesNotContain(host.Feed.Lag, partition => partition.Lag == 0);
        Assert.Single(host.Warnings, line => line.Contains("the right Read on the topic is missing", StringComparison.Ordinal));
        cluster.StopFailing(MockCluster.Api.Fetch);
        Assert.True(await first);
        await Eventually.TrueAsync(() => host.Feed.Problem is null, "all partitions are read");
        output.WriteLine(string.Join('\n', host.Warnings));
    }

    [Fact]
    public async Task A_revoked_right_to_read_an_idle_topic_is_a_problem_until_it_is_granted_again()
    {
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster);
        await using var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        _ = reading.MoveNextAsync().AsTask();
        await Eventually.TrueAsync(() => host.Feed.Lag.Count == 12, "all partitions are read to their ends");

        cluster.FailAlways(MockCluster.Api.Fetch, TopicAuthorizationFailed);
        await Eventually.TrueAsync(() => host.Feed.Problem == MissingOnTopic, "it is known");
        await Eventually.TrueAsync(() => host.Feed.Lag.Count == 0, "the lag is unknown");
        cluster.StopFailing(MockCluster.Api.Fetch);

        await Eventually.TrueAsync(() => host.Feed.Problem is null && host.Feed.Lag.Count == 12, "all partitions are read again");
    }

    [Theory]
    [InlineData(nameof(MockCluster.Api.FindCoordinator))]
    [InlineData(nameof(MockCluster.Api.JoinGroup))]
    [InlineData(nameof(MockCluster.Api.OffsetFetch))]
    public async Task A_missing_right_to_join_the_group_is_a_problem_until_it_is_granted(string request)
    {
        var refused = Enum.Parse<MockCluster.Api>(request);
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster);
        await host.Log.AppendAsync(Events);
        cluster.FailAlways(refused, GroupAuthorizationFailed);
        await using var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        var first = reading.MoveNextAsync().AsTask();

        await Eventually.TrueAsync(() => host.Feed.Problem is not null, "it is known");

        Assert.Equal(MissingOnGroup, host.Feed.Problem);
        Assert.Empty(host.Feed.Lag);
        cluster.StopFailing(refused);
        Assert.True(await first);
        await Eventually.TrueAsync(() => host.Feed.Problem is null, "it is read");
    }

    [Fact]
    public async Task A_revoked_right_on_the_group_is_a_problem_until_it_is_granted_again()
    {
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster);
        await using var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        _ = reading.MoveNextAsync().AsTask();
        await Eventually.TrueAsync(() => host.Feed.Lag.Count == 12, "all partitions are read to their ends");

        cluster.FailAlways(MockCluster.Api.JoinGroup, GroupAuthorizationFailed);
        cluster.FailAlways(MockCluster.Api.Heartbeat, GroupAuthorizationFailed);
        await Eventually.TrueAsync(() => host.Feed.Problem == MissingOnGroup && host.Feed.Lag.Count == 0, "it is known, and the lag is not");
        cluster.StopFailing(MockCluster.Api.Heartbeat);
        cluster.StopFailing(MockCluster.Api.JoinGroup);

        await Eventually.TrueAsync(() => host.Feed.Problem is null && host.Feed.Lag.Count == 12, "all partitions are read again");
    }

    [Fact]
    public async Task A_revoked_right_to_see_the_topic_is_a_problem_though_all_partitions_were_lost()
    {
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster);
        await using var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        _ = reading.MoveNextAsync().AsTask();
        await Eventually.TrueAsync(() => host.Feed.Lag.Count == 12, "all partitions are read to their ends");

        cluster.FailTopic("purchases", TopicAuthorizationFailed);
        await Eventually.TrueAsync(() => host.Warnings.Any(line => line.Contains("12 partitions were lost", StringComparison.Ordinal)), "the client gives them up");
        var topic = host.Services.GetRequiredService<TopicObserver>();
        var watched = topic.Latest;
        await Eventually.TrueAsync(() => !ReferenceEquals(topic.Latest, watched), "the topic is looked at");
        await Eventually.TrueAsync(() => host.Feed.Problem == MissingOnTopic, "it is known");
        Assert.Empty(host.Feed.Lag);
        cluster.FailTopic("purchases", 0);

        await Eventually.TrueAsync(() => host.Feed.Problem is null && host.Feed.Lag.Count == 12, "all partitions are read again");
    }

    [Fact]
    public async Task Repeated_commits_refused_by_a_rebalance_are_not_reported_as_a_problem()
    {
        // The delays between the attempts add up to more than the time after which what may pass is a problem.
        const int Attempts = 8;
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster);
        await host.Log.AppendAsync(Some.Purchase());
        cluster.TrackRequests();
        cluster.FailAlways(MockCluster.Api.OffsetCommit, RebalanceInProgress);
        await using var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        Assert.True(await reading.MoveNextAsync());
        await reading.Current.CommitAsync();

        await Eventually.TrueAsync(() => cluster.Requests().GetValueOrDefault((short)MockCluster.Api.OffsetCommit) >= Attempts, "it is tried again");

        Assert.Null(host.Feed.Problem);
        Assert.DoesNotContain(host.Warnings, line => line.Contains("Committing failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Repeatedly_failing_commits_are_a_problem_until_one_succeeds()
    {
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster);
        await host.Log.AppendAsync(Some.Purchase());
        cluster.FailAlways(MockCluster.Api.OffsetCommit, UnknownServerError);
        await using var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        Assert.True(await reading.MoveNextAsync());
        await reading.Current.CommitAsync();

        await Eventually.TrueAsync(() => host.Feed.Problem is not null, "it is known");

        Assert.StartsWith("what is recorded can't be committed for the group management-api-group: ", host.Feed.Problem, StringComparison.Ordinal);
        cluster.StopFailing(MockCluster.Api.OffsetCommit);
        await Eventually.TrueAsync(() => host.Feed.Problem is null, "it is committed");
    }

    [Fact]
    public async Task A_fenced_reader_fails_and_its_problem_names_the_static_membership_setting()
    {
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster, settings: ("Shopping:StaticMembership", "true"));
        await host.Log.AppendAsync(Some.Purchase());
        await using (var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator())
        {
            Assert.True(await reading.MoveNextAsync());
            cluster.Fail(MockCluster.Api.Heartbeat, FencedInstanceId);
            var failure = await Assert.ThrowsAsync<PurchaseFeedUnavailableException>(async () =>
            {
                while (await reading.MoveNextAsync())
                {
                }
            });
            Assert.Contains("Shopping:StaticMembership", failure.Message, StringComparison.Ordinal);
        }

        await using var again = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        Assert.True(await again.MoveNextAsync());

        // The other one will be in its place again in a moment.
        Assert.Contains("Shopping:StaticMembership", host.Feed.Problem, StringComparison.Ordinal);
        Assert.Single(host.Warnings, line => line.Contains("Shopping:StaticMembership", StringComparison.Ordinal));
        output.WriteLine(string.Join('\n', host.Warnings));
    }

    /// <param name="forgotten">Whether the client gives the partitions up meanwhile, which takes it half a minute or more by default.</param>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deleted_topic_is_a_problem_until_it_is_recreated_and_then_reported_as_data_loss(bool forgotten)
    {
        using var cluster = new MockCluster();
        cluster.CreateTopic("purchases", 1);
        (string, string)[] soon = [("Kafka:TopicMetadataRefreshIntervalMs", "500"), ("Kafka:TopicMetadataPropagationMaxMs", "0")];
        await using var host = await KafkaHost.StartAsync(cluster, settings: forgotten ? soon : []);
        await host.Log.AppendAsync(Events);
        await using var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        for (var seen = 0; seen < Events; seen += reading.Current.Events.Count)
        {
            Assert.True(await reading.MoveNextAsync());
            await reading.Current.CommitAsync();
        }

        // What is committed goes with it, as on real brokers.
        cluster.DeleteTopic("purchases");
        await Eventually.TrueAsync(() => host.Feed.Problem == "the topic purchases does not exist" && host.Feed.Lag.Count == 0, "it is known");
        await Eventually.TrueAsync(
            () => !forgotten || host.Warnings.Any(line => line.StartsWith("1 partitions were lost", StringComparison.Ordinal)), "the client gives it up");
        cluster.CreateTopic("purchases", 1);

        await Eventually.TrueAsync(() => host.Feed is { Problem: null, Lag: [{ Lag: 0 }], Loss: not null }, "it is read again");
        output.WriteLine(string.Join('\n', host.Warnings));
        Assert.Contains($"the end of partition 0 of purchases jumped back from {Events} to 0", host.Feed.Loss?.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recreated_topic_is_read_from_its_start_and_reported_as_data_loss()
    {
        using var cluster = new MockCluster();
        cluster.CreateTopic("purchases", 1);
        await using var host = await KafkaHost.StartAsync(cluster);
        using var counted = new CountedLosses(host);
        await host.Log.AppendAsync(Events);
        await using var reading = host.Feed.ReadAsync(Soon()).GetAsyncEnumerator();
        for (var seen = 0; seen < Events; seen += reading.Current.Events.Count)
        {
            Assert.True(await reading.MoveNextAsync());
            await reading.Current.CommitAsync();
        }

        Assert.Null(host.Feed.Loss);
        cluster.DeleteTopic("purchases");
        cluster.CreateTopic("purchases", 1);
        await using var buyer = await KafkaHost.StartAsync(cluster, feed: false);
        await buyer.Log.AppendAsync(Some.Purchase("later"));

        Assert.True(await reading.MoveNextAsync());
        Assert.Equal(0, reading.Current.Events[0].Offset);
        Assert.Equal(1, host.Feed.Loss?.Events);
        Assert.Contains(("0", 1), counted);
        Assert.Contains($"the end of partition 0 of purchases jumped back from {Events} to ", host.Feed.Loss!.Reason, StringComparison.Ordinal);
        Assert.Single(host.Warnings, line => line.StartsWith($"The end of partition 0 jumped back from {Events} to ", StringComparison.Ordinal));
        await reading.Current.CommitAsync();
        await Eventually.TrueAsync(() => host.Feed.Lag is [{ Lag: 0 }], "what is committed counts from the new start");
    }

    [Fact]
    public async Task A_recorder_without_the_right_to_read_is_not_ready_and_names_the_right()
    {
        using var cluster = NewCluster();
        using var mongo = new MockServer();
        await using var buyer = await KafkaHost.StartAsync(cluster, feed: false);
        await buyer.Log.AppendAsync(Events);
        cluster.FailAlways(MockCluster.Api.Fetch, TopicAuthorizationFailed);
        await using var recorder = await StartRecorderAsync(cluster, mongo);

        await ReadyAsync(recorder, HttpStatusCode.ServiceUnavailable, "the right Read on the topic is missing");

        var stats = "";
        await Eventually.TrueAsync(
            async () => (stats = await recorder.Client.GetStringAsync("/api/v1/stats")).Contains("\"lag\":[]", StringComparison.Ordinal),
            () => $"all partitions have failed; {stats}");
        Assert.Contains("held up: " + MissingOnTopic, stats, StringComparison.Ordinal);
        using var statistics = JsonDocument.Parse(stats);
        var state = statistics.RootElement.GetProperty("process").GetProperty("recorder");
        Assert.Equal("held up", state.GetProperty("state").GetString());
        Assert.StartsWith(MissingOnTopic, state.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Contains(MissingOnTopic, recorder.Output, StringComparison.Ordinal);
        cluster.StopFailing(MockCluster.Api.Fetch);
        await ReadyAsync(recorder, HttpStatusCode.OK, "\"recorder\":\"up\"");
    }

    [Fact]
    public async Task A_recorder_that_missed_events_is_degraded_and_says_which_and_how_many()
    {
        using var cluster = NewCluster();
        using var mongo = new MockServer();
        using (var tool = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = cluster.BootstrapServers, GroupId = Brokers.DefaultGroup }).Build())
        {
            tool.Commit([new TopicPartitionOffset("purchases", 3, 1_000)]);
        }

        await using var recorder = await StartRecorderAsync(cluster, mongo);

        await ReadyAsync(recorder, HttpStatusCode.OK, "has committed 1000 in partition 3 of purchases, which ends at 0");
        await ReadyAsync(recorder, HttpStatusCode.OK, "\"recorder\":\"degraded\"");
        Assert.Contains("\"lost\":1,", await recorder.Client.GetStringAsync("/api/v1/stats"), StringComparison.Ordinal);
    }

    private static Task<HostProcess> StartRecorderAsync(MockCluster cluster, MockServer mongo) => HostProcess.StartAsync(
        HostProgram.ManagementApi, ("ConnectionStrings__kafka", cluster.BootstrapServers), ("ConnectionStrings__shopping", mongo.ConnectionString("shopping")));

    private static async Task ReadyAsync(HostProcess recorder, HttpStatusCode status, string text)
    {
        var last = "";
        await Eventually.TrueAsync(
            async () =>
            {
                using var reply = await recorder.Client.GetAsync("/-/ready");
                last = $"{reply.StatusCode} {await reply.Content.ReadAsStringAsync()}";
                return reply.StatusCode == status && last.Contains(text, StringComparison.Ordinal);
            },
            () => $"readiness is {status} and says {text}; it is {last}");
    }

    private static MockCluster NewCluster()
    {
        var cluster = new MockCluster();
        cluster.CreateTopic("purchases", 12);
        return cluster;
    }

    private static CancellationToken Soon() => new CancellationTokenSource(TimeSpan.FromSeconds(90)).Token;
}
