using System.Diagnostics;
using ShoppingSystem.MockKafka;
using ShoppingSystem.Tests.Hosts;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>
/// Everything that may happen to a cluster happens to it, in random order and under load: to the brokers, to the store, to the
/// web server and to two management APIs that share the partitions. Customers try again under the same key, as the contract says;
/// in the end each acknowledged purchase is recorded exactly once. Runs for a good half minute; with <c>SHOPPING_TEST_LONG=true</c>
/// for two and a half minutes. The seed is printed: with <c>SHOPPING_TEST_SEED</c> the same faults happen in the same order.
/// </summary>
public sealed class RandomFaultTests(ITestOutputHelper output)
{
    private const int Attempts = 3;
    private const int Customers = 16;
    private const int Recorders = 2;
    private const int LongestOutage = 2500;
    private static readonly TimeSpan LongerThanTheDeadline = TimeSpan.FromSeconds(2.5);
    private static readonly TimeSpan Length = LongRun.Or(TimeSpan.FromSeconds(35), TimeSpan.FromSeconds(150));

    // Numbers of the protocol: what brokers say while they start, stop, fail over and are overloaded.
    private static readonly int[] ProduceErrors = [3, 5, 6, 7, 9, 13, 19, 20];
    private static readonly int[] FetchErrors = [-1, 3, 5, 6, 7, 9, 13];
    private static readonly int[] CoordinatorErrors = [7, 14, 15, 16, 27];

    // What a server says that steps down, starts, stops or is overloaded.
    private static readonly int[] StoreErrors = [91, 133, 189, 10107, 11600, 13435];
    private const int WriteConcernTimeout = 64;

    private static readonly MockCluster.Api[] OfTheCoordinator =
        [MockCluster.Api.OffsetCommit, MockCluster.Api.OffsetCommit, MockCluster.Api.OffsetFetch, MockCluster.Api.Heartbeat, MockCluster.Api.FindCoordinator];

    private readonly List<string> _happened = [];

    [Fact]
    public async Task No_purchase_is_lost_or_doubled_by_random_faults_under_load()
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
        await using var cluster = await ClusterProcesses.StartAsync(Recorders, ("Shopping__AppendDeadline", "00:00:02"));
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
        var started = Stopwatch.GetTimestamp();
        await using (cluster.Buy(load))
        {
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
        }

        output.WriteLine(string.Join(", ", _happened.CountBy(fault => fault).OrderBy(fault => fault.Key).Select(fault => $"{fault.Value} x {fault.Key}")));
        await cluster.NothingIsLostOrDoubledAsync(
            load, output, $"seed {seed}, {_happened.Count} faults in {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s");
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
            () => Task.FromResult(load.Acknowledged.Count > acknowledged + Customers), $"after {fault.Name}, customers buy", ChildProcess.Timeout);
    }

    private static IEnumerable<Fault> Faults(ClusterProcesses cluster, Random random)
    {
        var broker = random.Next(1, ClusterProcesses.BrokerCount + 1);
        var outage = random.Next(LongestOutage);
        yield return new("a broker goes down", async () =>
        {
            await cluster.CommandAsync($"stop {broker}");
            await Task.Delay(outage);
            await cluster.CommandAsync($"start {broker}");
        });
        yield return new("all brokers go down for longer than the deadline", async () =>
        {
            await cluster.CommandEachAsync(i => $"stop {i}");
            await Task.Delay(LongerThanTheDeadline);
            await cluster.CommandEachAsync(i => $"start {i}");
        });
        var milliseconds = random.Next(50, 400);
        yield return new("brokers are slow", async () =>
        {
            await cluster.CommandEachAsync(i => $"slow {i} {milliseconds * i}");
            await Task.Delay(outage);
            await cluster.CommandEachAsync(i => $"slow {i} 0");
        });
        yield return Failing("appends", MockCluster.Api.Produce, ProduceErrors);
        yield return Failing("fetches", MockCluster.Api.Fetch, FetchErrors);
        yield return Failing("commits and the like", OfTheCoordinator[random.Next(OfTheCoordinator.Length)], CoordinatorErrors, first: cluster.UntilSharedAsync);
        yield return new("the coordinator moves", async () =>
        {
            await cluster.UntilSharedAsync();
            await cluster.CommandAsync($"coordinate {Brokers.DefaultGroup} {broker}");
        });
        var partition = random.Next(cluster.Brokers.Partitions);
        yield return new("a leader moves", () => cluster.CommandAsync($"lead {partition} {broker}"));
        var victim = random.Next(Recorders);
        yield return new("a management API is killed", async () =>
        {
            var recorder = cluster.Recorders[victim];
            await recorder.KillAsync();
            await Task.Delay(outage);
            await cluster.RemoveAsync(recorder);
            await cluster.StartRecorderAsync();
        });
        yield return new("a management API is replaced", async () =>
        {
            // One that is still starting would just end.
            var recorder = cluster.Recorders[victim];
            await Eventually.TrueAsync(recorder.Client.IsReadyAsync, "it is ready");
            recorder.Signal();
            await cluster.StartRecorderAsync();
            Assert.Equal(0, await recorder.ExitAsync());
            await cluster.RemoveAsync(recorder);
        });
        yield return new("the web server is killed", async () =>
        {
            await cluster.Web.KillAsync();
            await cluster.StartWebAsync();
        });
        yield return new("the store is away", async () =>
        {
            cluster.Mongo.Stop();
            await Task.Delay(outage);
            cluster.Mongo.Start();
        });
        yield return new("the store is frozen", async () =>
        {
            cluster.Mongo.Freeze();
            await Task.Delay(outage);
            cluster.Mongo.Thaw();
        });
        yield return new("the store is slow", async () =>
        {
            cluster.Mongo.SlowDown(TimeSpan.FromMilliseconds(milliseconds));
            await Task.Delay(outage);
            cluster.Mongo.SlowDown(TimeSpan.Zero);
        });
        // Of two that get lost in a row the driver tells the recorder: it tries once more by itself.
        var inARow = random.Next(1, 4);
        yield return new("answers of the store get lost", () => OfTheStore(new MockMongo.Fault.LostAnswer()));
        yield return new("requests to the store get lost", () => OfTheStore(new MockMongo.Fault.LostRequest()));
        var code = random.GetItems(StoreErrors, 1)[0];
        yield return new("writes to the store are refused", () => OfTheStore(new MockMongo.Fault.CommandError(code)));
        yield return new("some documents are not written", () => OfTheStore(new MockMongo.Fault.WriteErrors(code, 0)));
        yield return new("writes to the store are not known to be durable", () => OfTheStore(new MockMongo.Fault.WriteConcernError(WriteConcernTimeout)));

        Task OfTheStore(MockMongo.Fault fault)
        {
            cluster.Mongo.Fail("update", fault, inARow);
            return Task.CompletedTask;
        }

        Fault Failing(string what, MockCluster.Api request, int[] errors, Func<Task>? first = null)
        {
            var some = random.GetItems(errors, random.Next(1, 9));
            return new($"{what} fail", async () =>
            {
                await (first?.Invoke() ?? Task.CompletedTask);
                await cluster.CommandAsync($"fail {request} {string.Join(' ', some)}");
            });
        }
    }

    private sealed record Fault(string Name, Func<Task> Happen);
}
