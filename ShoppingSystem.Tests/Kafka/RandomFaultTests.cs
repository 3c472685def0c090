using System.Diagnostics;
using ShoppingSystem.MockKafka;
using ShoppingSystem.Tests.Support;
using Xunit.Abstractions;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>
/// Everything that may happen to a cluster happens to it, in random order and under load, with a process for everything.
/// Customers try again under the same key, as the contract says; in the end each acknowledged purchase is recorded exactly
/// once. Runs for a good half minute; with <c>SHOPPING_TEST_LONG=true</c> for two and a half minutes. The seed is printed: with
/// <c>SHOPPING_TEST_SEED</c> the same faults happen in the same order.
/// </summary>
public sealed class RandomFaultTests(ITestOutputHelper output)
{
    private const int Attempts = 3;
    private const int Customers = 16;
    private const int Recorders = 2;
    private const int LongestOutage = 2500;
    private const string AppendDeadline = "--Shopping:AppendDeadline=00:00:02";
    private static readonly TimeSpan LongerThanTheDeadline = TimeSpan.FromSeconds(2.5);
    private static readonly TimeSpan Length = LongRun.Or(TimeSpan.FromSeconds(35), TimeSpan.FromSeconds(150));

    // Numbers of the protocol: what brokers say while they start, stop, fail over and are overloaded.
    private static readonly int[] ProduceErrors = [3, 5, 6, 7, 9, 13, 19, 20];
    private static readonly int[] FetchErrors = [-1, 3, 5, 6, 7, 9, 13];
    private static readonly int[] CoordinatorErrors = [7, 14, 15, 16, 27];

    private static readonly MockCluster.Api[] OfTheCoordinator =
        [MockCluster.Api.OffsetCommit, MockCluster.Api.OffsetCommit, MockCluster.Api.OffsetFetch, MockCluster.Api.Heartbeat, MockCluster.Api.FindCoordinator];

    private readonly List<string> _happened = [];

    [Fact]
    public async Task Nothing_is_lost_or_doubled_whatever_happens_under_load()
    {
        var seed = Seed.Next();
        for (var attempt = 1; !await TryAsync(seed, mayFail: attempt < Attempts); attempt++, seed++)
        {
            _happened.Clear();
        }
    }

    // False when it was the mock cluster that failed.
    private async Task<bool> TryAsync(int seed, bool mayFail)
    {
        output.WriteLine($"seed {seed}");
        var load = new BuyingLoad(Customers, pause: TimeSpan.FromMilliseconds(5));
        await using var cluster = await ClusterProcesses.StartAsync(Recorders, AppendDeadline);
        try
        {
            await RunAsync(seed, cluster, load);
            return true;
        }
        catch (Exception) when (cluster.BrokersDied && mayFail)
        {
            output.WriteLine($"The mock cluster died of its own defect after {_happened.Count} faults, so this proves nothing; once more.");
            return false;
        }
        catch
        {
            output.WriteLine($"{string.Join('\n', _happened)}\nrefused: {string.Join(", ", load.Refusals)}\n{cluster.Describe()}");
            throw;
        }
    }

    private async Task RunAsync(int seed, ClusterProcesses cluster, BuyingLoad load)
    {
        var random = new Random(seed);
        using var stop = new CancellationTokenSource();
        var buying = load.RunAsync(cluster.Shop.BaseAddress!, stop.Token);
        var started = Stopwatch.GetTimestamp();
        // Each at least once, then each again, in another order.
        for (var round = 1; round == 1 || Stopwatch.GetElapsedTime(started) < Length; round++)
        {
            Fault[] faults = [.. Faults(cluster, random)];
            random.Shuffle(faults);
            foreach (var fault in faults.TakeWhile(_ => round == 1 || Stopwatch.GetElapsedTime(started) < Length))
            {
                await HappensAsync(fault, cluster, load);
            }
        }

        await stop.CancelAsync();
        await buying;
        await cluster.UntilReadyAsync();
        await load.RetryAsync(cluster.Shop).WaitAsync(TimeSpan.FromMinutes(2));
        await cluster.UntilCaughtUpAsync();

        output.WriteLine(string.Join(", ", _happened.CountBy(fault => fault).OrderBy(fault => fault.Key).Select(fault => $"{fault.Value} x {fault.Key}")));
        var management = cluster.Recorders[0].Client;
        var recorded = await load.ReadAllHistoriesAsync(management);
        if (load.MissingFrom(recorded) is { Count: > 0 } missing)
        {
            output.WriteLine($"{Whereabouts.Describe(new Brokers(cluster.BootstrapServers), missing)}\ndead letters: {await management.GetStringAsync("/api/v1/dead-letters")}");
        }

        load.NothingIsLostOrDoubled(
            recorded, output,
            $"seed {seed}, {_happened.Count} faults in {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s");
    }

    private async Task HappensAsync(Fault fault, ClusterProcesses cluster, BuyingLoad load)
    {
        _happened.Add(fault.Name);
        var acknowledged = load.Acknowledged.Count;
        await fault.Happen();
        foreach (var ended in await cluster.StartWhatEndedAsync())
        {
            output.WriteLine($"after {fault.Name}, {ended}");
        }

        // Customers get on with it before the next one happens.
        await cluster.TrueAsync(
            () => Task.FromResult(load.Acknowledged.Count > acknowledged + Customers), ChildProcess.Patience, $"after {fault.Name}, customers buy");
    }

    private static IEnumerable<Fault> Faults(ClusterProcesses cluster, Random random)
    {
        var broker = random.Next(1, ClusterProcesses.Brokers + 1);
        var outage = random.Next(LongestOutage);
        yield return new("a broker goes down", async () =>
        {
            await cluster.CommandAsync($"stop {broker}");
            await Task.Delay(outage);
            await cluster.CommandAsync($"start {broker}");
        });
        yield return new("all brokers go down for longer than the deadline", async () =>
        {
            await EachBrokerAsync(i => $"stop {i}");
            await Task.Delay(LongerThanTheDeadline);
            await EachBrokerAsync(i => $"start {i}");
        });
        var milliseconds = random.Next(50, 400);
        yield return new("brokers are slow", async () =>
        {
            await EachBrokerAsync(i => $"slow {i} {milliseconds * i}");
            await Task.Delay(outage);
            await EachBrokerAsync(i => $"slow {i} 0");
        });
        yield return Failing("appends", MockCluster.Api.Produce, ProduceErrors);
        yield return Failing("fetches", MockCluster.Api.Fetch, FetchErrors);
        yield return Failing("commits and the like", OfTheCoordinator[random.Next(OfTheCoordinator.Length)], CoordinatorErrors, first: cluster.UntilSharedAsync);
        yield return new("the coordinator moves", async () =>
        {
            await cluster.UntilSharedAsync();
            await cluster.CommandAsync($"coordinate {Pipeline.Group} {broker}");
        });
        var partition = random.Next(ClusterProcesses.Partitions);
        yield return new("a leader moves", () => cluster.CommandAsync($"lead {partition} {broker}"));
        var victim = random.Next(Recorders);
        yield return new("a recorder is killed", async () =>
        {
            var recorder = cluster.Recorders[victim];
            await recorder.Process.KillAsync();
            await Task.Delay(outage);
            await cluster.RemoveAsync(recorder);
            await cluster.StartRecorderAsync();
        });
        yield return new("a recorder is replaced", async () =>
        {
            // One that is still starting would just end.
            var recorder = cluster.Recorders[victim];
            await Eventually.TrueAsync(recorder.Client.IsReadyAsync, "the recorder is ready");
            recorder.Process.Signal();
            await cluster.StartRecorderAsync();
            Assert.Equal(0, await recorder.Process.ExitAsync());
            await cluster.RemoveAsync(recorder);
        });
        yield return new("the web server is killed", async () =>
        {
            await cluster.Web.KillAsync();
            await cluster.StartWebAsync();
        });

        Fault Failing(string what, MockCluster.Api request, int[] errors, Func<Task>? first = null)
        {
            var some = random.GetItems(errors, random.Next(1, 9));
            return new($"{what} fail", async () =>
            {
                await (first?.Invoke() ?? Task.CompletedTask);
                await cluster.CommandAsync($"fail {request} {string.Join(' ', some)}");
            });
        }

        async Task EachBrokerAsync(Func<int, string> command)
        {
            for (var i = 1; i <= ClusterProcesses.Brokers; i++)
            {
                await cluster.CommandAsync(command(i));
            }
        }
    }

    private sealed record Fault(string Name, Func<Task> Happen);
}
