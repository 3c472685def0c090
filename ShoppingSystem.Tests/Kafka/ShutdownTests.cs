using ShoppingSystem.Tests.Support;
using Xunit.Abstractions;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>SIGTERM to the services of the cluster, each in a process of its own.</summary>
public sealed class ShutdownTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Told_to_stop_under_load_they_finish_what_they_have_begun()
    {
        var load = new BuyingLoad(16);
        await using var cluster = await ClusterProcesses.StartAsync(recorders: 2, "--Shopping:AppendDeadline=00:01:00");
        using var stop = new CancellationTokenSource();
        var buying = load.RunAsync(cluster.Shop.BaseAddress!, stop.Token);
        await cluster.TrueAsync(() => Task.FromResult(load.Acknowledged.Count > 1000), ChildProcess.Patience, "customers buy");

        await StopAsync(cluster.Recorders[0]);
        cluster.Web.Signal();
        Assert.Equal(0, await cluster.Web.ExitAsync());
        Assert.Equal("", cluster.Web.Errors);
        await stop.CancelAsync();
        await buying;
        await StopAsync(cluster.Recorders[0]);

        await cluster.StartWebAsync();
        var recorder = await cluster.StartRecorderAsync();
        await cluster.UntilReadyAsync();
        await cluster.UntilCaughtUpAsync();

        // Nothing was tried again, so what is recorded but was not acknowledged would be a reply that got lost.
        load.NothingIsLostOrDoubled(await load.ReadAllHistoriesAsync(recorder.Client), output, "web server and recorders told to stop");

        async Task StopAsync(RecorderProcess recorder)
        {
            recorder.Process.Signal();
            Assert.Equal(0, await recorder.Process.ExitAsync());
            Assert.Equal("", recorder.Process.Errors);
            await cluster.RemoveAsync(recorder);
        }
    }

    [Fact]
    public async Task Told_to_stop_while_all_brokers_are_away_they_end_all_the_same_and_nothing_is_lost()
    {
        var load = new BuyingLoad(16);
        await using var cluster = await ClusterProcesses.StartAsync(recorders: 1);
        using var stop = new CancellationTokenSource();
        var buying = load.RunAsync(cluster.Shop.BaseAddress!, stop.Token);
        await cluster.TrueAsync(() => Task.FromResult(load.Acknowledged.Count > 1000), ChildProcess.Patience, "customers buy");
        for (var broker = 1; broker <= ClusterProcesses.Brokers; broker++)
        {
            await cluster.CommandAsync($"stop {broker}");
        }

        cluster.Recorders[0].Process.Signal();
        cluster.Web.Signal();
        Assert.Equal(0, await cluster.Recorders[0].Process.ExitAsync());
        Assert.Equal(0, await cluster.Web.ExitAsync());
        await stop.CancelAsync();
        await buying;
        await cluster.RemoveAsync(cluster.Recorders[0]);

        for (var broker = 1; broker <= ClusterProcesses.Brokers; broker++)
        {
            await cluster.CommandAsync($"start {broker}");
        }

        await cluster.StartWebAsync();
        var recorder = await cluster.StartRecorderAsync();
        await cluster.UntilReadyAsync();
        await load.RetryAsync(cluster.Shop).WaitAsync(TimeSpan.FromMinutes(2));
        await cluster.UntilCaughtUpAsync();
        load.NothingIsLostOrDoubled(await load.ReadAllHistoriesAsync(recorder.Client), output, "told to stop while all brokers were away");
    }
}
