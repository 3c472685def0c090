using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Standalone;

/// <summary>
/// The store is away under load: another process has locked it. For a few seconds; with <c>SHOPPING_TEST_LONG=true</c> for a
/// minute.
/// </summary>
public sealed class LockedDatabaseTests(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan Away = LongRun.Or(TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(60));
    private readonly string _directory = StandaloneProcess.NewDataDirectory();

    [Fact]
    public async Task While_the_record_is_locked_readiness_is_red_purchases_are_acknowledged_and_later_recorded()
    {
        var load = new BuyingLoad(16, pause: TimeSpan.FromMilliseconds(5));
        await using var standalone = await StandaloneProcess.StartAsync(_directory);
        using var stop = new CancellationTokenSource();
        var buying = load.RunAsync(standalone.Shop.BaseAddress!, stop.Token);
        await Eventually.TrueAsync(() => load.Acknowledged.Count > 500, "customers buy");

        var (before, during, looks) = (0, 0, 0);
        await using (var other = new SqliteConnection($"Data Source={Path.Combine(_directory, "purchases.db")};Pooling=false;Default Timeout=60"))
        {
            await other.OpenAsync();
            await using var locked = await other.BeginTransactionAsync();
            var started = Stopwatch.GetTimestamp();
            before = load.Acknowledged.Count;
            await Eventually.TrueAsync(async () => await RecorderAsync(standalone) is { } reason && reason.Contains("locked", StringComparison.Ordinal), "readiness is red");
            for (; Stopwatch.GetElapsedTime(started) < Away; looks++)
            {
                // It stays so, and what was recorded can be read.
                Assert.NotNull(await RecorderAsync(standalone));
                Assert.NotEmpty(await standalone.Shop.ReadAllAsync($"/api/v1/getAllUserBuys/{BuyingLoad.Users.First()}"));
                await Task.Delay(500);
            }

            during = load.Acknowledged.Count - before;
        }

        await Eventually.TrueAsync(async () => await RecorderAsync(standalone) is null, "it is ready again, by itself");
        await stop.CancelAsync();
        await buying;
        await load.RetryAsync(standalone.Shop);
        Assert.True(during > 100, "customers buy meanwhile");
        Assert.Empty(load.Refusals);
        load.NothingIsLostOrDoubled(
            await BuyingLoad.ReadRecordAsync(standalone.Management), output,
            $"store away for {Away.TotalSeconds} s, found red at {looks} looks, {during} acknowledged meanwhile");
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>What holds the recorder up, as readiness says; null when nothing does.</summary>
    private static async Task<string?> RecorderAsync(StandaloneProcess standalone)
    {
        using var reply = await standalone.Management.GetAsync("/-/ready");
        if (reply.IsSuccessStatusCode)
        {
            return null;
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, reply.StatusCode);
        using var json = JsonDocument.Parse(await reply.Content.ReadAsStringAsync());
        return json.RootElement.GetProperty("reasons").GetProperty("recorder").GetString();
    }
}
