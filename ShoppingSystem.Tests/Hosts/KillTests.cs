using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Hosts;

/// <summary>SIGKILL to both services under load, in turn: two management APIs share the partitions.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Customers = 16;
    private static readonly int Rounds = LongRun.Or(3, 20);

    [Fact]
    public async Task Both_services_killed_under_load_in_turn_lose_nothing_and_double_nothing()
    {
        var seed = Seed.Next();
        var random = new Random(seed);
        output.WriteLine($"seed {seed}");
        var load = new BuyingLoad(Customers);
        await using var cluster = await ClusterProcesses.StartAsync(recorders: 2, ("Shopping__AppendDeadline", "00:01:00"));
        await cluster.UntilSharedAsync();
        await using (cluster.Buy(load))
        {
            for (var round = 1; round <= Rounds; round++)
            {
                await BoughtAsync();
                await cluster.Web.KillAsync();
                await cluster.StartWebAsync();

                await BoughtAsync();
                var recorder = cluster.Recorders[random.Next(cluster.Recorders.Count)];
                await recorder.KillAsync();
                await cluster.RemoveAsync(recorder);
                await cluster.StartRecorderAsync();
                output.WriteLine($"round {round}: {load.Acknowledged.Count} acknowledged so far");
            }

            await BoughtAsync();
        }

        await cluster.UntilSharedAsync();
        await cluster.NothingIsLostOrDoubledAsync(load, output, $"seed {seed}, both services killed {Rounds} times");

        async Task BoughtAsync()
        {
            var expected = load.Acknowledged.Count + random.Next(Customers, 50 * Customers);
            await cluster.TrueAsync(() => load.Acknowledged.Count > expected, "customers buy");
        }
    }
}
