using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Standalone;

public sealed class KillTests(ITestOutputHelper output) : IDisposable
{
    private const int Rounds = 20;
    private const int Customers = 32;
    private readonly string _directory = StandaloneProcess.NewDataDirectory();

    [Fact]
    public async Task A_shop_killed_repeatedly_under_load_loses_and_doubles_no_purchase()
    {
        var seed = Seed.Next();
        var random = new Random(seed);
        output.WriteLine($"seed {seed}");
        var load = new BuyingLoad(Customers);
        for (var round = 1; round <= Rounds; round++)
        {
            await using var standalone = await StandaloneProcess.StartAsync(_directory);
            await load.RetryAsync(standalone.Shop);
            var before = load.Acknowledged.Count;
            using var stop = new CancellationTokenSource();
            var buying = load.RunAsync(standalone.Shop.BaseAddress!, stop.Token);
            await Eventually.TrueAsync(() => load.Acknowledged.Count > before + Customers, "customers buy");
            await Task.Delay(random.Next(1000));
            await standalone.KillAsync();
            await stop.CancelAsync();
            await buying;
            output.WriteLine($"round {round}: {load.Acknowledged.Count - before} acknowledged, then killed");
        }

        await using var last = await StandaloneProcess.StartAsync(_directory);
        await load.RetryAsync(last.Shop);
        var recorded = await BuyingLoad.ReadRecordAsync(last.Management);
        load.NothingIsLostOrDoubled(recorded, output, $"seed {seed}, killed {Rounds} times");
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
