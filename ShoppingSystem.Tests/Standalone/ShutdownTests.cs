using ShoppingSystem.Tests.Support;
using Xunit.Abstractions;

namespace ShoppingSystem.Tests.Standalone;

public sealed class ShutdownTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _directory = StandaloneProcess.NewDataDirectory();

    [Theory]
    [InlineData(ChildProcess.Sigterm)]
    [InlineData(ChildProcess.Sigint)]
    public async Task Told_to_stop_under_load_it_finishes_what_it_has_begun(int signal)
    {
        var load = new BuyingLoad(32);
        await using (var standalone = await StandaloneProcess.StartAsync(_directory))
        {
            using var stop = new CancellationTokenSource();
            var buying = load.RunAsync(standalone.Shop.BaseAddress!, stop.Token);
            await Eventually.TrueAsync(() => load.Acknowledged.Count > 500, "customers buy");
            var exitCode = await standalone.StopAsync(signal);
            await stop.CancelAsync();
            await buying;
            Assert.Equal(0, exitCode);
            Assert.Equal("", standalone.Errors);
            Assert.DoesNotContain("fail:", standalone.Output, StringComparison.Ordinal);
        }

        await using var again = await StandaloneProcess.StartAsync(_directory);
        var recorded = await BuyingLoad.ReadRecordAsync(again.Management);
        output.WriteLine($"{load.Acknowledged.Count} acknowledged, {recorded.Count} recorded, {load.Broken} sent but never answered; refused: {string.Join(", ", load.Refusals)}");
        Assert.Empty(load.Acknowledged.Keys.Except(recorded));
        Assert.Equal(recorded.Count, recorded.Distinct().Count());

        // Who was served was told so: what is recorded but was not acknowledged would be a reply that got lost.
        Assert.Empty(recorded.Except(load.Acknowledged.Keys));
    }

    [Fact]
    public async Task Viewers_of_the_statistics_do_not_hold_it_up()
    {
        await using var standalone = await StandaloneProcess.StartAsync(_directory);
        using var viewer = await standalone.Management.GetAsync("/api/v1/stats/stream", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", viewer.Content.Headers.ContentType?.MediaType);

        Assert.Equal(0, await standalone.StopAsync());

        // Kestrel's patience with open requests ends with breaking them off; this one was ended properly before.
        Assert.StartsWith("data: {", await viewer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
