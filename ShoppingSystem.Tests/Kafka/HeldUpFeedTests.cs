using System.Net;
using ShoppingSystem.MockKafka;
using ShoppingSystem.MockMongo;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Hosts;
using ShoppingSystem.Tests.Support;
using Xunit.Abstractions;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>A feed that can't be read says so, with the reason, and what is lost of it is told.</summary>
public sealed class HeldUpFeedTests(ITestOutputHelper output)
{
    private const int Events = 240;
    private const int TopicAuthorizationFailed = 29;
    private const int GroupAuthorizationFailed = 30;
    private const int FencedInstanceId = 82;
    private const int UnknownServerError = -1;

    private const string MissingOnTopic = "the topic purchases may not be read: the right Read on the topic is missing";
    private const string MissingOnGroup = "the group management-api-group may not be used: the right Read on the group is missing";

    [Fact]
    public async Task A_topic_that_may_not_be_read_is_a_problem_and_no_lag_until_it_may()
    {
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster);
        await AppendAsync(host.Log, Events);
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
    public async Task A_right_taken_away_and_given_back_where_nothing_is_bought_is_a_problem_that_goes_by_itself()
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
    public async Task A_group_that_may_not_be_joined_is_a_problem_until_it_may(string request)
    {
        var refused = Enum.Parse<MockCluster.Api>(request);
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster);
        await AppendAsync(host.Log, Events);
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
    public async Task Commits_that_go_on_failing_are_a_problem_until_one_works()
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
    public async Task A_reader_thrown_out_by_another_of_its_name_ends_with_the_setting_named_and_stays_a_problem_for_a_while()
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

    [Fact]
    public async Task A_topic_deleted_and_created_again_is_read_from_its_start_and_told_as_data_loss()
    {
        using var cluster = new MockCluster();
        cluster.CreateTopic("purchases", 1);
        await using var host = await KafkaHost.StartAsync(cluster);
        await AppendAsync(host.Log, Events);
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
        Assert.Contains($"the end of partition 0 of purchases jumped back from {Events} to ", host.Feed.Loss!.Reason, StringComparison.Ordinal);
        Assert.Single(host.Warnings, line => line.StartsWith($"The end of partition 0 jumped back from {Events} to ", StringComparison.Ordinal));
        await reading.Current.CommitAsync();
        await Eventually.TrueAsync(() => host.Feed.Lag is [{ Lag: 0 }], "what is committed counts from the new start");
    }

    [Fact]
    public async Task A_recorder_that_may_not_read_is_red_and_names_the_right()
    {
        using var cluster = NewCluster();
        using var mongo = new MockServer();
        cluster.FailAlways(MockCluster.Api.Fetch, TopicAuthorizationFailed);
        await using var recorder = await HostProcess.StartAsync(
            HostProgram.ManagementApi, ("ConnectionStrings__kafka", cluster.BootstrapServers), ("ConnectionStrings__shopping", mongo.ConnectionString("shopping")));

        await ReadyAsync(HttpStatusCode.ServiceUnavailable, "the right Read on the topic is missing");

        var stats = await recorder.Client.GetStringAsync("/api/v1/stats");
        Assert.Contains("\"lag\":[]", stats, StringComparison.Ordinal);
        Assert.Contains("held up: " + MissingOnTopic, stats, StringComparison.Ordinal);
        Assert.Contains(MissingOnTopic, recorder.Output, StringComparison.Ordinal);
        cluster.StopFailing(MockCluster.Api.Fetch);
        await ReadyAsync(HttpStatusCode.OK, "\"recorder\":\"up\"");

        Task ReadyAsync(HttpStatusCode status, string text) => Eventually.TrueAsync(
            async () =>
            {
                using var reply = await recorder.Client.GetAsync("/-/ready");
                return reply.StatusCode == status && (await reply.Content.ReadAsStringAsync()).Contains(text, StringComparison.Ordinal);
            },
            $"readiness is {status} and says {text}");
    }

    private static MockCluster NewCluster()
    {
        var cluster = new MockCluster();
        cluster.CreateTopic("purchases", 12);
        return cluster;
    }

    private static Task AppendAsync(IPurchaseLog log, int count) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(i => log.AppendAsync(Some.Purchase($"u{i}")).AsTask()));

    private static CancellationToken Soon() => new CancellationTokenSource(TimeSpan.FromSeconds(90)).Token;
}
