using ShoppingSystem.MockKafka;
using ShoppingSystem.Tests.Hosts;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>
/// Nothing acknowledged is lost or counted twice, whatever the brokers and the management APIs do meanwhile. The services are the
/// real ones; the record is MongoDB's stand-in.
/// </summary>
public sealed class FaultTests(ITestOutputHelper output)
{
    private const int Customers = 16;
    private const int NotLeader = 6;
    private const int NotEnoughReplicas = 19;
    private const int RequestTimedOut = 7;
    private const int CoordinatorLoading = 14;
    private const int CoordinatorNotAvailable = 15;
    private const int NotCoordinator = 16;
    private const int RebalanceInProgress = 27;
    private const int UnknownError = -1;

    private static readonly (string, string) LongDeadline = ("Shopping__AppendDeadline", "00:00:30");
    private static readonly (string, string) ShortDeadline = ("Shopping__AppendDeadline", "00:00:02");

    private readonly BuyingLoad _load = new(Customers);

    [Fact]
    public async Task Without_faults_no_purchase_is_lost_doubled_or_refused()
    {
        await using var cluster = await ClusterProcesses.StartAnywhereAsync(recorders: 2);
        await cluster.BuyAsync(_load, 2000);
        await cluster.NothingIsLostOrDoubledAsync(_load, output, "without faults");
        NothingWasRefused();
    }

    [Fact]
    public async Task A_broker_restart_loses_doubles_and_refuses_no_purchase()
    {
        await using var cluster = await ClusterProcesses.StartAsync(1, LongDeadline);
        await using (cluster.Buy(_load))
        {
            await cluster.TrueAsync(() => _load.Acknowledged.Count >= 300, "customers buy");
            await cluster.CommandAsync("stop 2");
            await Task.Delay(TimeSpan.FromSeconds(2));
            await cluster.CommandAsync("start 2");
            await cluster.TrueAsync(() => _load.Acknowledged.Count >= 1500, "customers buy again");
        }

        await cluster.NothingIsLostOrDoubledAsync(_load, output, "a broker down for 2 s");
        NothingWasRefused();
    }

    [Fact]
    public async Task While_all_brokers_are_down_purchases_are_refused_and_later_accepted_again()
    {
        await using var cluster = await ClusterProcesses.StartAsync(1, ShortDeadline);
        await cluster.BuyAsync(_load, 300);
        await cluster.CommandEachAsync(broker => $"stop {broker}");
        await using (cluster.Buy(_load))
        {
            await cluster.TrueAsync(async () => !await cluster.Shop.IsReadyAsync(), "readiness tells");
            await cluster.TrueAsync(() => _load.Refusals.GetValueOrDefault(503) >= 2 * Customers, "purchases are refused");
            var acknowledged = _load.Acknowledged.Count;
            await cluster.TrueAsync(() => _load.Refusals.GetValueOrDefault(503) >= 4 * Customers, "purchases are still refused");
            Assert.Equal(acknowledged, _load.Acknowledged.Count);

            await cluster.CommandEachAsync(broker => $"start {broker}");
            await cluster.TrueAsync(cluster.Shop.IsReadyAsync, "readiness is back");
            await cluster.TrueAsync(() => _load.Acknowledged.Count >= acknowledged + 300, "customers buy again");
        }

        await cluster.NothingIsLostOrDoubledAsync(_load, output, "all brokers down");
    }

    [Theory]
    [InlineData(MockCluster.Api.Produce, NotLeader, NotEnoughReplicas, RequestTimedOut, NotLeader)]
    [InlineData(MockCluster.Api.Fetch, NotLeader, UnknownError, RequestTimedOut, NotLeader)]
    [InlineData(MockCluster.Api.OffsetCommit, CoordinatorLoading, NotCoordinator, RebalanceInProgress, RequestTimedOut, CoordinatorNotAvailable)]
    [InlineData(MockCluster.Api.OffsetFetch, CoordinatorLoading, NotCoordinator)]
    [InlineData(MockCluster.Api.Metadata, RequestTimedOut, UnknownError)]
    internal async Task Requests_fail(MockCluster.Api request, params int[] errors)
    {
        await using var cluster = await ClusterProcesses.StartAsync(2, LongDeadline);
        for (var round = 1; round <= 3; round++)
        {
            await cluster.CommandAsync($"fail {request} {string.Join(' ', errors)}");
            await cluster.BuyAsync(_load, 400 * round);
        }

        await cluster.NothingIsLostOrDoubledAsync(_load, output, $"{request} fails");
        NothingWasRefused();
    }

    [Fact]
    public async Task Moves_of_the_group_coordinator_lose_or_double_no_purchase()
    {
        await using var cluster = await ClusterProcesses.StartAsync(2, LongDeadline);
        await cluster.UntilSharedAsync();
        for (var broker = 1; broker <= ClusterProcesses.BrokerCount; broker++)
        {
            await cluster.CommandAsync($"coordinate {Brokers.DefaultGroup} {broker}");
            await cluster.BuyAsync(_load, 400 * broker);
        }

        await cluster.NothingIsLostOrDoubledAsync(_load, output, "the coordinator moved");
    }

    [Fact]
    public async Task Slow_brokers_lose_or_double_no_purchase()
    {
        await using var cluster = await ClusterProcesses.StartAsync(2, LongDeadline);
        await cluster.CommandEachAsync(broker => $"slow {broker} {100 * broker}");
        await cluster.BuyAsync(_load, 300);
        await cluster.CommandEachAsync(broker => $"slow {broker} 0");
        await cluster.NothingIsLostOrDoubledAsync(_load, output, "brokers are slow");
    }

    [Fact]
    public async Task Management_APIs_that_join_and_leave_under_load_lose_or_double_no_purchase()
    {
        var load = new BuyingLoad(Customers, pause: TimeSpan.FromMilliseconds(20));
        await using var cluster = await ClusterProcesses.StartAnywhereAsync(recorders: 2);
        await using (cluster.Buy(load))
        {
            await SharedAsync();
            await cluster.StartRecorderAsync();
            await cluster.StartRecorderAsync();
            await SharedAsync();
            while (cluster.Recorders.Count > 1)
            {
                await cluster.StopAsync(cluster.Recorders[0]);
            }

            await SharedAsync();
        }

        await cluster.NothingIsLostOrDoubledAsync(load, output, "2, 4 and 1 management APIs");

        async Task SharedAsync()
        {
            await cluster.UntilSharedAsync();
            var acknowledged = load.Acknowledged.Count;
            await cluster.TrueAsync(() => load.Acknowledged.Count >= acknowledged + 200, "customers buy");
            output.WriteLine($"partitions: {string.Join(" + ", (await cluster.LagsAsync()).Select(lags => lags.Count))}; {load.Acknowledged.Count} acknowledged so far");
        }
    }

    private void NothingWasRefused()
    {
        Assert.Empty(_load.Refusals);
        Assert.Equal(0, _load.Broken);
    }
}
