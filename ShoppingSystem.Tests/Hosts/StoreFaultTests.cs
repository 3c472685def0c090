using System.Net;
using System.Text.Json;
using ShoppingSystem.MockMongo;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Hosts;

/// <summary>
/// MongoDB fails under load, in each way in which it may, below the real hosts: customers go on buying, and in the end each
/// acknowledged purchase is recorded once.
/// </summary>
public sealed class StoreFaultTests(ITestOutputHelper output)
{
    private const int NotWritablePrimary = 10107;
    private const int InterruptedAtShutdown = 11600;
    private const int WriteConcernTimeout = 64;

    private readonly BuyingLoad _load = new(16, pause: TimeSpan.FromMilliseconds(5));

    [Fact]
    public async Task While_the_store_is_away_purchases_are_acknowledged_and_histories_are_refused_and_then_all_are_recorded()
    {
        await using var cluster = await ClusterProcesses.StartAsync(recorders: 1);
        await using (cluster.Buy(_load))
        {
            await BoughtAsync(cluster, 300);
            cluster.Mongo.Stop();

            await cluster.TrueAsync(async () => await MongoAsync(cluster) is "down", "readiness is red");
            Assert.True(await cluster.Shop.IsReadyAsync(), "the web server can sell");
            await cluster.TrueAsync(
                async () =>
                {
                    using var history = await cluster.Shop.GetAsync(History);
                    return history.StatusCode is HttpStatusCode.ServiceUnavailable;
                },
                "histories are refused");
            await BoughtAsync(cluster, 300);

            cluster.Mongo.Start();
            await cluster.TrueAsync(async () => await MongoAsync(cluster) is "up", "readiness is green, by itself");
            await cluster.TrueAsync(
                async () =>
                {
                    using var history = await cluster.Shop.GetAsync(History);
                    return history.StatusCode is HttpStatusCode.OK;
                },
                "there are histories again");
        }

        await NothingIsLostOrDoubledAsync(cluster, "the store was away");
    }

    [Fact]
    public async Task While_the_store_is_frozen_purchases_are_acknowledged_and_histories_are_refused_and_then_all_are_recorded()
    {
        await using var cluster = await ClusterProcesses.StartAsync(recorders: 1);
        await using (cluster.Buy(_load))
        {
            await BoughtAsync(cluster, 300);
            cluster.Mongo.Freeze();
            await cluster.TrueAsync(async () => await MongoAsync(cluster) is "down", "readiness is red");
            await BoughtAsync(cluster, 300);

            // One after the other: were each to wait for the store, this would take ten minutes.
            for (var i = 0; i < 100; i++)
            {
                using var history = await cluster.Shop.GetAsync(History);
                Assert.Equal(HttpStatusCode.ServiceUnavailable, history.StatusCode);
                Assert.NotNull(history.Headers.RetryAfter);
            }

            cluster.Mongo.Thaw();
            await cluster.TrueAsync(async () => await MongoAsync(cluster) is "up", "readiness is green, by itself");
            await cluster.TrueAsync(
                async () =>
                {
                    using var history = await cluster.Shop.GetAsync(History);
                    return history.StatusCode is HttpStatusCode.OK;
                },
                "there are histories again");
        }

        await NothingIsLostOrDoubledAsync(cluster, "the store was frozen");
    }

    [Fact]
    public async Task When_writes_fail_they_are_tried_again_and_each_purchase_is_recorded_once()
    {
        (string What, Fault Fault, int Times)[] faults =
        [
            ("the answer gets lost once, and the driver tries again", new Fault.LostAnswer(), 1),
            ("the answer gets lost, and the recorder has to try again", new Fault.LostAnswer(), 4),
            ("the request gets lost", new Fault.LostRequest(), 4),
            ("it is no primary", new Fault.CommandError(NotWritablePrimary), 4),
            ("it shuts down", new Fault.CommandError(InterruptedAtShutdown), 4),
            ("some documents are not written", new Fault.WriteErrors(NotWritablePrimary, 0, 1), 4),
            ("it is not known to be durable", new Fault.WriteConcernError(WriteConcernTimeout), 4),
        ];
        await using var cluster = await ClusterProcesses.StartAsync(recorders: 1);
        await using (cluster.Buy(_load))
        {
            foreach (var (what, fault, times) in faults)
            {
                await BoughtAsync(cluster, 100);
                cluster.Mongo.TrackCommands();
                cluster.Mongo.Fail("update", fault, times);
                await cluster.TrueAsync(() => cluster.Mongo.Commands("update").Count > times, $"it is written after {what}");
                output.WriteLine($"{what}: {_load.Acknowledged.Count} acknowledged so far");
            }
        }

        await NothingIsLostOrDoubledAsync(cluster, $"writes failed in {faults.Length} ways");
    }

    [Fact]
    public async Task A_slow_store_records_all_there_is()
    {
        await using var cluster = await ClusterProcesses.StartAsync(recorders: 1);
        await using (cluster.Buy(_load))
        {
            await BoughtAsync(cluster, 100);
            cluster.Mongo.SlowDown(TimeSpan.FromMilliseconds(700));
            await BoughtAsync(cluster, 1000);
            cluster.Mongo.SlowDown(TimeSpan.Zero);
        }

        await NothingIsLostOrDoubledAsync(cluster, "the store was slow");
    }

    [Fact]
    public async Task A_management_API_that_is_killed_between_store_and_commit_leaves_nothing_to_be_counted_twice()
    {
        await using var cluster = await ClusterProcesses.StartAsync(recorders: 1);
        // It records, and never gets to know: so it commits nothing.
        cluster.Mongo.Fail("update", new Fault.LostAnswer(), MockServer.Always);
        await cluster.BuyAsync(_load, 200);
        var before = 0L;
        await cluster.TrueAsync(async () => (before = await cluster.Store.CountAsync()) > 0, "it has recorded");
        await cluster.Recorders[0].KillAsync();
        await cluster.RemoveAsync(cluster.Recorders[0]);
        cluster.Mongo.Mend();

        await cluster.StartRecorderAsync();
        await NothingIsLostOrDoubledAsync(cluster, $"{before} had been recorded by the one that was killed");
    }

    [Fact]
    public async Task A_management_API_that_is_told_to_stop_while_the_store_is_frozen_ends_in_time_and_the_next_one_records_the_rest()
    {
        await using var cluster = await ClusterProcesses.StartAsync(recorders: 1, ("Shutdown__DrainTime", "00:00:00"));
        await cluster.BuyAsync(_load, 200);
        cluster.Mongo.Freeze();
        await cluster.BuyAsync(_load, 400);
        await cluster.TrueAsync(async () => await MongoAsync(cluster) is "down", "readiness is red");

        // Its batch in hand is waited for 5 s. It would be killed after 30.
        var told = cluster.Recorders[0];
        told.Signal();
        Assert.Equal(0, await told.ExitAsync().WaitAsync(TimeSpan.FromSeconds(20)));
        await cluster.RemoveAsync(told);
        cluster.Mongo.Thaw();

        await cluster.StartRecorderAsync();
        await NothingIsLostOrDoubledAsync(cluster, "the recorder was stopped while the store was frozen");
    }

    private static string History => $"/api/v1/getAllUserBuys/{Uri.EscapeDataString(BuyingLoad.Users.First())}?limit=10";

    /// <summary>Waits until so many more purchases are acknowledged.</summary>
    private Task BoughtAsync(ClusterProcesses cluster, int more)
    {
        var expected = _load.Acknowledged.Count + more;
        return cluster.TrueAsync(() => _load.Acknowledged.Count >= expected, "customers buy");
    }

    // Whether there is a store is no concern of those who buy.
    private async Task NothingIsLostOrDoubledAsync(ClusterProcesses cluster, string circumstances)
    {
        await cluster.NothingIsLostOrDoubledAsync(_load, output, circumstances);
        Assert.Empty(_load.Refusals);
        Assert.Equal(0, _load.Broken);
    }

    /// <summary>What the management API's readiness says of MongoDB.</summary>
    private static async Task<string?> MongoAsync(ClusterProcesses cluster)
    {
        using var reply = await cluster.Recorders[0].Client.GetAsync("/-/ready");
        using var json = JsonDocument.Parse(await reply.Content.ReadAsStringAsync());
        var state = json.RootElement.GetProperty("mongo").GetString();
        Assert.True(reply.IsSuccessStatusCode || reply.StatusCode is HttpStatusCode.ServiceUnavailable);
        return reply.IsSuccessStatusCode == state is "up" ? state : null;
    }
}
