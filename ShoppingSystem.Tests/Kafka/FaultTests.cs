using System.Net;
using Microsoft.Extensions.DependencyInjection;
using ShoppingSystem.MockKafka;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;
using Xunit.Abstractions;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>Nothing acknowledged is lost or counted twice, whatever the cluster and the recorders do meanwhile.</summary>
public sealed class FaultTests(ITestOutputHelper output)
{
    private const int NotLeader = 6;
    private const int NotEnoughReplicas = 19;
    private const int RequestTimedOut = 7;
    private const int CoordinatorLoading = 14;
    private const int CoordinatorNotAvailable = 15;
    private const int NotCoordinator = 16;
    private const int RebalanceInProgress = 27;
    private const int UnknownError = -1;

    [Fact]
    public async Task Without_faults()
    {
        await using var pipeline = await Pipeline.StartAsync(output, recorders: 2);
        await pipeline.BuyAsync(2000);
        await pipeline.EverythingIsRecordedOnceAsync();
        Assert.Equal(0, pipeline.Refused);
    }

    [Fact]
    public async Task A_broker_goes_down_and_comes_back()
    {
        await using var pipeline = await Pipeline.StartOnMockAsync(output, 1, ("Shopping:AppendDeadline", "00:00:30"));
        var buying = pipeline.BuyAsync(() => pipeline.Acknowledged >= 1500);
        await Reaches(pipeline, 300);
        pipeline.Cluster.Stop(2);
        await Task.Delay(TimeSpan.FromSeconds(2));
        pipeline.Cluster.Start(2);
        await buying;
        await pipeline.EverythingIsRecordedOnceAsync();
    }

    [Fact]
    public async Task All_brokers_are_down_for_longer_than_the_append_deadline()
    {
        await using var pipeline = await Pipeline.StartOnMockAsync(output, 1, ("Shopping:AppendDeadline", "00:00:02"));
        await pipeline.BuyAsync(300);
        Assert.Equal(HttpStatusCode.OK, await pipeline.StorefrontReadinessAsync());
        Each(pipeline, pipeline.Cluster.Stop);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await pipeline.BuyAsync("nobody"));
        await Eventually.TrueAsync(
            async () => await pipeline.StorefrontReadinessAsync() is HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(60), "readiness tells");
        await pipeline.BuyAsync(() => pipeline.Refused >= 32);

        Each(pipeline, pipeline.Cluster.Start);
        await Eventually.TrueAsync(
            async () => await pipeline.StorefrontReadinessAsync() is HttpStatusCode.OK, TimeSpan.FromSeconds(60), "readiness is back");
        await pipeline.BuyAsync(600);
        await pipeline.EverythingIsRecordedOnceAsync();
    }

    [Theory]
    [InlineData(MockCluster.Api.Produce, NotLeader, NotEnoughReplicas, RequestTimedOut, NotLeader)]
    [InlineData(MockCluster.Api.Fetch, NotLeader, UnknownError, RequestTimedOut, NotLeader)]
    [InlineData(MockCluster.Api.OffsetCommit, CoordinatorLoading, NotCoordinator, RebalanceInProgress, RequestTimedOut, CoordinatorNotAvailable)]
    [InlineData(MockCluster.Api.OffsetFetch, CoordinatorLoading, NotCoordinator)]
    [InlineData(MockCluster.Api.Metadata, RequestTimedOut, UnknownError)]
    internal async Task Requests_fail(MockCluster.Api request, params int[] errors)
    {
        await using var pipeline = await Pipeline.StartOnMockAsync(output, 2, ("Shopping:AppendDeadline", "00:00:30"));
        for (var round = 1; round <= 3; round++)
        {
            pipeline.Cluster.Fail(request, errors);
            await pipeline.BuyAsync(400 * round);
        }

        await pipeline.EverythingIsRecordedOnceAsync();
        Assert.Equal(0, pipeline.Refused);
    }

    [Fact]
    public async Task The_coordinator_of_the_group_moves()
    {
        await using var pipeline = await Pipeline.StartOnMockAsync(output, 2);
        for (var broker = 1; broker <= 3; broker++)
        {
            pipeline.Cluster.MoveCoordinator(Pipeline.Group, broker);
            await pipeline.BuyAsync(400 * broker);
        }

        await pipeline.EverythingIsRecordedOnceAsync();
    }

    [Fact]
    public async Task Brokers_are_slow()
    {
        await using var pipeline = await Pipeline.StartOnMockAsync(output, 2, ("Shopping:AppendDeadline", "00:00:30"));
        Each(pipeline, broker => pipeline.Cluster.SlowDown(broker, TimeSpan.FromMilliseconds(100 * broker)));
        await pipeline.BuyAsync(300);
        Each(pipeline, broker => pipeline.Cluster.SlowDown(broker, TimeSpan.Zero));
        await pipeline.EverythingIsRecordedOnceAsync();
    }

    [Fact]
    public async Task Recorders_join_and_leave_under_load()
    {
        await using var pipeline = await Pipeline.StartAsync(output, 2);
        var done = false;
        var buying = pipeline.BuyAsync(() => Volatile.Read(ref done), pause: TimeSpan.FromMilliseconds(20));
        await SharedBy(2);
        await pipeline.AddRecorderAsync();
        await pipeline.AddRecorderAsync();
        await SharedBy(4);
        await pipeline.RemoveRecorderAsync();
        await pipeline.RemoveRecorderAsync();
        await pipeline.RemoveRecorderAsync();
        await SharedBy(1);
        Volatile.Write(ref done, true);
        await buying;
        await pipeline.EverythingIsRecordedOnceAsync();

        async Task SharedBy(int recorders)
        {
            await Eventually.TrueAsync(
                () => pipeline.Shares.Count(share => share > 0) == recorders && pipeline.Shares.Sum() == 12, $"{recorders} share the partitions");
            await Reaches(pipeline, pipeline.Acknowledged + 200);
            output.WriteLine($"partitions: {string.Join(" + ", pipeline.Shares)}; {pipeline.Acknowledged} acknowledged so far");
        }
    }

    [Fact]
    public async Task A_recorder_ends_between_store_and_commit()
    {
        await using var pipeline = await Pipeline.StartAsync(output, recorders: 0);
        var recorded = new TaskCompletionSource();
        var victim = await pipeline.AddRecorderAsync(services => services.AddSingleton<IPurchaseStore>(new StoreThatFailsAfterwards(pipeline.Store, recorded)));
        await pipeline.BuyAsync(200);
        await recorded.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await pipeline.RemoveRecorderAsync(victim);
        var before = pipeline.Recorded;
        Assert.True(before > 0, "it had recorded, but not committed");

        await pipeline.AddRecorderAsync();
        await pipeline.EverythingIsRecordedOnceAsync();
        output.WriteLine($"{before} had been recorded by the one that ended");
    }

    private static void Each(Pipeline pipeline, Action<int> act)
    {
        for (var broker = 1; broker <= pipeline.Cluster.Brokers; broker++)
        {
            act(broker);
        }
    }

    private static Task Reaches(Pipeline pipeline, int acknowledged) =>
        Eventually.TrueAsync(() => pipeline.Acknowledged >= acknowledged, $"{acknowledged} are acknowledged");

    /// <summary>Records, and never gets to say so: what is recorded is not committed.</summary>
    private sealed class StoreThatFailsAfterwards(IPurchaseStore store, TaskCompletionSource recorded) : IPurchaseStore
    {
        public async ValueTask<RecordResult> RecordAsync(IReadOnlyList<Purchase> purchases, CancellationToken cancellationToken = default)
        {
            await store.RecordAsync(purchases, cancellationToken);
            recorded.TrySetResult();
            throw new IOException("The answer of the store got lost.");
        }

        public ValueTask<PurchasePage> ReadHistoryAsync(string userId, int limit, PageCursor? before = null, CancellationToken cancellationToken = default) =>
            store.ReadHistoryAsync(userId, limit, before, cancellationToken);

        public ValueTask<PurchaseSummary> SummarizeAsync(string userId, CancellationToken cancellationToken = default) =>
            store.SummarizeAsync(userId, cancellationToken);

        public ValueTask<long> CountAsync(CancellationToken cancellationToken = default) => store.CountAsync(cancellationToken);
    }
}
