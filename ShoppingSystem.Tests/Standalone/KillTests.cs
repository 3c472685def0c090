using ShoppingSystem.Tests.Support;
using Xunit.Abstractions;

namespace ShoppingSystem.Tests.Standalone;

public sealed class KillTests(ITestOutputHelper output) : IDisposable
{
    private const int Rounds = 5;
    private const int Customers = 32;
    private readonly string _directory = StandaloneProcess.NewDataDirectory();

    [Fact]
    public async Task Killed_under_load_again_and_again_it_loses_nothing_and_doubles_nothing()
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

        var lost = load.Acknowledged.Keys.Except(recorded).ToList();
        var doubled = recorded.Count - recorded.Distinct().Count();
        output.WriteLine($"{load.Acknowledged.Count} acknowledged, {recorded.Count} recorded, {lost.Count} lost, {doubled} doubled, {load.Broken} were never answered");
        Assert.True(lost.Count == 0, $"seed {seed}: {lost.Count} lost");
        Assert.True(doubled == 0, $"seed {seed}: {doubled} doubled");
        Assert.Equal(0, load.Doubled);
        Assert.All(load.Refusals, refusal => Assert.Equal(503, refusal.Key));

        // Everything was retried until it was acknowledged, so nothing else can be there.
        Assert.Equal(load.Acknowledged.Count, recorded.Count);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
