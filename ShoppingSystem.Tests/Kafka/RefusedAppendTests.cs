using System.Diagnostics;
using System.Reflection;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;
using ShoppingSystem.Kafka;
using ShoppingSystem.MockKafka;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>What readiness, the exception and the next purchase know of appends that did not succeed.</summary>
public sealed class RefusedAppendTests
{
    private const int NotEnoughReplicas = 19;

    [Fact]
    public async Task Purchases_are_refused_at_once_while_no_broker_answers_and_accepted_again_when_one_does()
    {
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster, feed: false, settings: ("Shopping:AppendDeadline", "00:00:02"));
        await host.Log.AppendAsync(Some.Purchase());
        SetAll(cluster.Stop, cluster);

        Assert.Equal("timeout", (await RefusalAsync(host)).ErrorType);
        PurchaseLogUnavailableException? refusal = null;
        await Eventually.TrueAsync(async () => (refusal = await RefusalAsync(host)).ErrorType == "circuit_open", "purchases are not tried any more");
        Assert.Contains("No Kafka broker answers: ", refusal!.Message, StringComparison.Ordinal);
        Assert.Equal("no Kafka broker answers", refusal.PublicReason);
        Assert.Equal(HealthStatus.Unhealthy, (await HealthAsync(host)).Status);

        // Nothing waits any more: a hundred refusals would take minutes.
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => RefusalAsync(host)));
        SetAll(cluster.Start, cluster);

        await Eventually.TrueAsync(() => AppendsAsync(host), "a purchase is taken");
        await Eventually.TrueAsync(async () => (await HealthAsync(host)).Status is HealthStatus.Healthy, "healthy");
    }

    [Fact]
    public async Task While_purchases_of_some_partitions_are_taken_all_are_tried()
    {
        using var cluster = NewCluster();
        for (var partition = 0; partition < 3; partition++)
        {
            cluster.MoveLeader("purchases", partition, partition + 1);
        }

        await using var host = await KafkaHost.StartAsync(cluster, feed: false, settings: ("Shopping:AppendDeadline", "00:00:02"));
        await host.Log.AppendAsync(Some.Purchase());
        cluster.Stop(3);

        // Of many users, so in all partitions, all at a time.
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 60).Select(async user =>
        {
            try
            {
                await host.Log.AppendAsync(Some.Purchase($"u{user}"));
                return "taken";
            }
            catch (PurchaseLogUnavailableException e)
            {
                return e.ErrorType;
            }
        }));
        var (late, taken) = (outcomes.Count(outcome => outcome == "timeout"), outcomes.Count(outcome => outcome == "taken"));

        Assert.Equal(60, late + taken);
        Assert.True(late > 0 && taken > 0, $"{late} late, {taken} taken");
        Assert.NotEqual(HealthStatus.Healthy, (await HealthAsync(host)).Status);
    }

    [Theory]
    [InlineData(ErrorCode.TopicAuthorizationFailed, "this service has no right to write to the topic purchases (ACL: Write)")]
    [InlineData(ErrorCode.InvalidTimestamp, "the clock of this service is not the brokers'")]
    [InlineData(ErrorCode.PolicyViolation, "the brokers' rules for the topic purchases forbid it")]
    public async Task Readiness_reports_a_refusal_of_the_brokers_until_they_accept_a_purchase(ErrorCode error, string reason)
    {
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster, feed: false);
        await host.Log.AppendAsync(Some.Purchase());
        cluster.Fail(MockCluster.Api.Produce, (int)error);

        var refusal = await RefusalAsync(host);

        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refusal.PublicReason, StringComparison.Ordinal);
        Assert.Equal($"{error}", refusal.ErrorType);
        var (status, said) = await HealthAsync(host);
        Assert.Equal(HealthStatus.Unhealthy, status);
        Assert.StartsWith($"purchases are refused: {reason}", said, StringComparison.Ordinal);

        await host.Log.AppendAsync(Some.Purchase());

        Assert.Equal(HealthStatus.Healthy, (await HealthAsync(host)).Status);
    }

    [Fact]
    public async Task Readiness_is_red_while_purchases_time_out_though_brokers_answer()
    {
        using var cluster = NewCluster();
        await using var host = await KafkaHost.StartAsync(cluster, feed: false, settings: ("Shopping:AppendDeadline", "00:00:02"));
        await host.Log.AppendAsync(Some.Purchase());
        cluster.Fail(MockCluster.Api.Produce, [.. Enumerable.Repeat(NotEnoughReplicas, 1000)]);

        var refusal = await RefusalAsync(host);

        Assert.Equal("timeout", refusal.ErrorType);
        var (status, said) = await HealthAsync(host);
        Assert.Equal(HealthStatus.Unhealthy, status);
        Assert.Contains("brokers answer, but did not acknowledge it", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, true, "Degraded", "1 of 3 partitions of purchases have fewer in-sync replicas than min.insync.replicas (2): 0")]
    [InlineData(3, true, "Unhealthy", "3 of 3 partitions of purchases have fewer in-sync replicas than min.insync.replicas (2): 0, 1, 2")]
    [InlineData(3, false, "Healthy", null)]
    public async Task Partitions_without_enough_replicas_in_sync_are_told_by_whoever_appends(int starved, bool appends, string status, string? said)
    {
        using var topic = NewTopic([.. Enumerable.Range(0, 3).Select(partition =>
            new PartitionMetadata(partition, leader: 1, replicas: [1, 2, 3], inSyncReplicas: partition < starved ? [1] : [1, 2], new Error(ErrorCode.NoError)))]);
        var refusals = new AppendRefusals(topic.Options) { IsUsed = appends };

        var result = await new KafkaHealth(topic.Observer, topic.Operations, refusals).CheckHealthAsync(new HealthCheckContext());

        Assert.Equal((status, said), ($"{result.Status}", result.Description));
    }

    [Fact]
    public async Task A_refusal_is_over_for_its_partition_only_and_one_of_the_topic_for_all()
    {
        using var topic = NewTopic([new PartitionMetadata(0, leader: 1, replicas: [1], inSyncReplicas: [1], new Error(ErrorCode.NoError))]);
        var refusals = new AppendRefusals(topic.Options) { IsUsed = true };
        var health = new KafkaHealth(topic.Observer, topic.Operations, refusals);

        refusals.Refused(new Error(ErrorCode.NotEnoughReplicas), new Partition(2));
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync(new HealthCheckContext())).Status);
        refusals.Succeeded(1);
        var partly = await health.CheckHealthAsync(new HealthCheckContext());
        Assert.Equal(
            (HealthStatus.Degraded, "some purchases are refused: partition 2 has too few in-sync replicas (min.insync.replicas)"), (partly.Status, partly.Description));
        refusals.Succeeded(2);
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync(new HealthCheckContext())).Status);

        refusals.Refused(new Error(ErrorCode.TopicAuthorizationFailed), new Partition(2));
        refusals.Succeeded(1);
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync(new HealthCheckContext())).Status);
    }

    [Fact]
    public async Task A_missing_right_to_write_is_told_though_nobody_buys_and_is_over_when_it_is_granted()
    {
        await using var broker = new AuthorizingBroker("purchases") { Rights = [AclOperation.Describe] };
        using var cluster = new MockCluster();
        await using var host = await KafkaHost.StartAsync(cluster, feed: false, settings: ("ConnectionStrings:kafka", broker.BootstrapServers));

        (HealthStatus Status, string? Said) health = default;
        await Eventually.TrueAsync(
            async () => (health = await HealthAsync(host)).Said?.Contains("ACL", StringComparison.Ordinal) == true, () => $"the right is named, not: {health.Said}");
        Assert.Equal(
            (HealthStatus.Unhealthy, "purchases are refused: this service has no right to write to the topic purchases (ACL: Write)"), health);

        broker.Rights = [AclOperation.Describe, AclOperation.Write];
        await Eventually.TrueAsync(async () => (health = await HealthAsync(host)).Status is HealthStatus.Healthy, () => $"healthy, not: {health.Said}");
    }

    [Fact]
    public async Task Brokers_that_do_not_report_rights_are_assumed_to_grant_them()
    {
        await using var broker = new AuthorizingBroker("purchases") { Rights = null };
        using var cluster = new MockCluster();
        await using var host = await KafkaHost.StartAsync(cluster, feed: false, settings: ("ConnectionStrings:kafka", broker.BootstrapServers));

        (HealthStatus Status, string? Said) health = default;
        await Eventually.TrueAsync(async () => (health = await HealthAsync(host)).Status is HealthStatus.Healthy, () => $"healthy, not: {health.Said}");
    }

    [Fact]
    public async Task A_missing_right_to_see_the_topic_is_not_taken_for_a_missing_topic()
    {
        await using var broker = new AuthorizingBroker("purchases") { IsSeen = false };
        using var cluster = new MockCluster();
        await using var host = await KafkaHost.StartAsync(cluster, feed: false, settings: ("ConnectionStrings:kafka", broker.BootstrapServers));
        const string said = "this service has no right to see the topic purchases (ACL: Describe)";

        (HealthStatus Status, string? Said) health = default;
        await Eventually.TrueAsync(async () => (health = await HealthAsync(host)).Said == said, () => $"the right is named, not: {health.Said}");
        Assert.Equal(HealthStatus.Unhealthy, health.Status);
        await Eventually.TrueAsync(() => host.Warnings.Any(warning => warning.Contains(said, StringComparison.Ordinal)), "the right is in the log");
        Assert.DoesNotContain(host.Warnings, warning => warning.Contains("does not exist", StringComparison.Ordinal));
    }

    [Fact]
    public void A_refusal_for_want_of_the_right_to_write_is_over_when_the_brokers_say_so_later()
    {
        using var topic = NewTopic([]);
        var refusals = new AppendRefusals(topic.Options) { IsUsed = true };
        var before = new TopicRights(Stopwatch.GetTimestamp() - 1, MayWrite: true);
        refusals.Refused(new Error(ErrorCode.TopicAuthorizationFailed), new Partition(0));

        Assert.Null(refusals.Learn(before));
        Assert.NotNull(refusals.Problem(out _));
        Assert.Null(refusals.Learn(before with { AskedAt = Stopwatch.GetTimestamp(), MayWrite = null }));
        Assert.NotNull(refusals.Problem(out _));
        Assert.Null(refusals.Learn(before with { AskedAt = Stopwatch.GetTimestamp() + 1 }));
        Assert.Null(refusals.Problem(out _));

        // Rights have nothing to do with a clock.
        refusals.Refused(new Error(ErrorCode.InvalidTimestamp), new Partition(0));
        Assert.Null(refusals.Learn(before with { AskedAt = Stopwatch.GetTimestamp() + 1 }));
        Assert.NotNull(refusals.Problem(out _));
    }

    [Fact]
    public async Task Purchases_refused_for_want_of_replicas_are_over_when_the_topic_has_them_again()
    {
        static PartitionMetadata Partition(params int[] inSync) => new(0, leader: 1, replicas: [1, 2, 3], inSync, new Error(ErrorCode.NoError));
        List<PartitionMetadata> partitions = [Partition(1)];
        using var topic = NewTopic(partitions);
        var refusals = new AppendRefusals(topic.Options) { IsUsed = true };
        using var breaker = new AppendCircuitBreaker(topic.Observer, refusals, NullLogger<AppendCircuitBreaker>.Instance);
        await topic.Observer.LookAsync();

        Assert.Contains("min.insync.replicas", breaker.TimedOut(Stopwatch.GetTimestamp(), new Partition(0)), StringComparison.Ordinal);
        refusals.Learn(await topic.Observer.LookAsync());
        Assert.NotNull(refusals.Problem(out _));

        partitions[0] = Partition(1, 2);
        refusals.Learn(await topic.Observer.LookAsync());
        Assert.Null(refusals.Problem(out _));
    }

    private static MockCluster NewCluster()
    {
        var cluster = new MockCluster();
        cluster.CreateTopic("purchases", 3);
        return cluster;
    }

    private static void SetAll(Action<int> set, MockCluster cluster)
    {
        for (var broker = 1; broker <= cluster.Brokers; broker++)
        {
            set(broker);
        }
    }

    private static Task<PurchaseLogUnavailableException> RefusalAsync(KafkaHost host) =>
        Assert.ThrowsAsync<PurchaseLogUnavailableException>(() => host.Log.AppendAsync(Some.Purchase()).AsTask());

    private static async Task<bool> AppendsAsync(KafkaHost host)
    {
        try
        {
            await host.Log.AppendAsync(Some.Purchase());
            return true;
        }
        catch (PurchaseLogUnavailableException)
        {
            return false;
        }
    }

    private static async Task<(HealthStatus Status, string? Said)> HealthAsync(KafkaHost host)
    {
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        return (report.Status, report.Entries["kafka"].Description);
    }

    private static TopicUnderTest NewTopic(List<PartitionMetadata> partitions)
    {
        var admin = DispatchProxy.Create<IAdminClient, Admin>();
        ((Admin)(object)admin).Partitions = partitions;
        return new TopicUnderTest(admin);
    }

#pragma warning disable CA1852 // The proxy derives from it.
    private class Admin : DispatchProxy
#pragma warning restore CA1852
    {
        public List<PartitionMetadata> Partitions { get; set; } = [];

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name switch
        {
            nameof(IAdminClient.GetMetadata) =>
                new Metadata([], [new TopicMetadata((string)args![0]!, Partitions, new Error(ErrorCode.NoError))], 1, "fake"),
            nameof(IAdminClient.DescribeConfigsAsync) => Task.FromResult(new List<DescribeConfigsResult>
            {
                new() { Entries = new() { ["min.insync.replicas"] = new ConfigEntryResult { Name = "min.insync.replicas", Value = "2" } } },
            }),
            nameof(IDisposable.Dispose) => null,
            var other => throw new UnreachableException(other),
        };
    }
}
