using ShoppingSystem.Tests.Hosts;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>SIGTERM to the services of the cluster, each in a process of its own.</summary>
public sealed class ShutdownTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Services_stopped_under_load_finish_what_they_have_begun()
    {
        var load = new BuyingLoad(16);
        await using var cluster = await ClusterProcesses.StartAsync(recorders: 2, ("Shopping__AppendDeadline", "00:01:00"));
        await using (cluster.Buy(load))
        {
            await cluster.TrueAsync(() => load.Acknowledged.Count > 1000, "customers buy");

            await cluster.StopAsync(cluster.Recorders[0]);
            cluster.Web.Signal();
            Assert.Equal(0, await cluster.Web.ExitAsync());
            Assert.Equal("", cluster.Web.Errors);
        }

        await cluster.StopAsync(cluster.Recorders[0]);

        await cluster.StartWebAsync();
        var recorder = await cluster.StartRecorderAsync();
        await cluster.UntilReadyAsync();
        await cluster.UntilCaughtUpAsync();

        // Nothing was tried again, so what is recorded but was not acknowledged would be a reply that got lost.
        load.NothingIsLostOrDoubled(await load.ReadAllHistoriesAsync(recorder.Client), output, "web server and management APIs told to stop");
    }

    [Fact]
    public async Task Services_stopped_while_all_brokers_are_away_end_and_lose_no_purchase()
    {
        var load = new BuyingLoad(16);
        await using var cluster = await ClusterProcesses.StartAsync(recorders: 1);
        await using (cluster.Buy(load))
        {
            await cluster.TrueAsync(() => load.Acknowledged.Count > 1000, "customers buy");
            await cluster.CommandEachAsync(broker => $"stop {broker}");

            cluster.Recorders[0].Signal();
            cluster.Web.Signal();
            Assert.Equal(0, await cluster.Recorders[0].ExitAsync());
            Assert.Equal(0, await cluster.Web.ExitAsync());
        }

        await cluster.RemoveAsync(cluster.Recorders[0]);
        await cluster.CommandEachAsync(broker => $"start {broker}");
        await cluster.StartWebAsync();
        await cluster.StartRecorderAsync();
        await cluster.NothingIsLostOrDoubledAsync(load, output, "told to stop while all brokers were away");
    }

    [Fact]
    public async Task A_management_API_stopped_while_the_store_is_away_ends_and_loses_no_purchase()
    {
        var load = new BuyingLoad(16);
        await using var cluster = await ClusterProcesses.StartAsync(recorders: 1);
        await using (cluster.Buy(load))
        {
            await cluster.TrueAsync(() => load.Acknowledged.Count > 500, "customers buy");
            cluster.Mongo.Freeze();
            var before = load.Acknowledged.Count;
            await cluster.TrueAsync(() => load.Acknowledged.Count > before + 500, "customers buy meanwhile");

            cluster.Recorders[0].Signal();
            Assert.Equal(0, await cluster.Recorders[0].ExitAsync());
        }

        await cluster.RemoveAsync(cluster.Recorders[0]);
        cluster.Mongo.Thaw();
        await cluster.StartRecorderAsync();
        await cluster.NothingIsLostOrDoubledAsync(load, output, "told to stop while the store was frozen");
    }
}
