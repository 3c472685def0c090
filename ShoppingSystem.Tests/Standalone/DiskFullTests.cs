using System.Net;
using System.Text.Json;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Standalone;

public sealed class DiskFullTests(ITestOutputHelper output) : IDisposable
{
    private const string User = "customer";
    private readonly SmallDisk _disk = SmallDisk.Create();
    private readonly List<Guid> _acknowledged = [];

    [NeedsFact<SmallDisk>]
    public async Task While_the_disk_is_full_purchases_are_refused_and_afterwards_accepted_again()
    {
        await using var standalone = await StandaloneProcess.StartAsync(_disk.Path);
        for (var round = 1; round <= 2; round++)
        {
            await BuyAsync(standalone, 20);
            _disk.Fill();
            await UntilRefusedAndRedAsync(standalone);
            _disk.MakeRoom();
            await UntilReadyAsync(standalone);
            await BuyAsync(standalone, 20);
        }

        await NothingIsLostAsync(standalone);
    }

    [NeedsFact<SmallDisk>]
    public async Task While_only_the_log_is_full_purchases_are_refused_but_the_history_is_there()
    {
        await OnlyAsync("log.db", async standalone =>
        {
            await BuyAsync(standalone, 5);
            await standalone.Management.UntilRecordedAsync(User, 5);
            _disk.Fill();
            await UntilRefusedAndRedAsync(standalone);
            Assert.Superset(_acknowledged.Take(5).ToHashSet(), (await standalone.Shop.ReadAllAsync($"/api/v1/getAllUserBuys/{User}")).ToHashSet());
            _disk.MakeRoom();
            await UntilReadyAsync(standalone);
            await BuyAsync(standalone, 5);
            await NothingIsLostAsync(standalone);
        });
    }

    [NeedsFact<SmallDisk>]
    public async Task While_only_the_record_is_full_purchases_wait_in_the_log()
    {
        await OnlyAsync("purchases.db", async standalone =>
        {
            for (var round = 1; round <= 2; round++)
            {
                _disk.Fill();
                string? reason = null;
                await Eventually.TrueAsync(
                    async () =>
                    {
                        await BuyAsync(standalone, 20);
                        reason = await ReasonAsync(standalone.Management, "recorder");
                        return reason is not null;
                    },
                    "the recorder is held up");
                Assert.Contains("full", reason, StringComparison.OrdinalIgnoreCase);
                Assert.Null(await ReasonAsync(standalone.Shop, "log"));
                await standalone.Shop.ReadAllAsync($"/api/v1/getAllUserBuys/{User}");
                _disk.MakeRoom();
                await UntilReadyAsync(standalone);
            }

            await NothingIsLostAsync(standalone);
        });
    }

    [NeedsFact<SmallDisk>]
    public async Task A_shop_killed_while_the_disk_is_full_keeps_every_acknowledged_purchase()
    {
        await using (var standalone = await StandaloneProcess.StartAsync(_disk.Path))
        {
            await BuyAsync(standalone, 20);
            _disk.Fill();
            await UntilRefusedAndRedAsync(standalone);
            await standalone.KillAsync();
        }

        _disk.MakeRoom();
        await using var again = await StandaloneProcess.StartAsync(_disk.Path);
        await NothingIsLostAsync(again);
    }

    public void Dispose() => _disk.Dispose();

    // All else lies where there is room.
    private async Task OnlyAsync(string file, Func<StandaloneProcess, Task> test)
    {
        var directory = StandaloneProcess.NewDataDirectory();
        try
        {
            File.CreateSymbolicLink(Path.Combine(directory, file), Path.Combine(_disk.Path, file));
            await using var standalone = await StandaloneProcess.StartAsync(directory);
            await test(standalone);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private async Task BuyAsync(StandaloneProcess standalone, int purchases)
    {
        for (var i = 0; i < purchases; i++)
        {
            _acknowledged.Add(await standalone.Shop.BuyAsync(User));
        }
    }

    /// <summary>
    /// Buys until there is no room, and until readiness says so. (What a file has already may last for a while, and just
    /// after an attempt to go on has worked, it is green for a moment.)
    /// </summary>
    private async Task UntilRefusedAndRedAsync(StandaloneProcess standalone)
    {
        var (accepted, refused) = (_acknowledged.Count, 0);
        await Eventually.TrueAsync(
            async () =>
            {
                using var reply = await standalone.Shop.PostAsync("/api/v1/buy", Support.Http.Json($$"""{"username":"u","userid":"{{User}}","price":1,"item":"{{new string('x', 100)}}"}"""));
                if (reply.StatusCode is HttpStatusCode.Accepted)
                {
                    using var json = JsonDocument.Parse(await reply.Content.ReadAsStringAsync());
                    _acknowledged.Add(json.RootElement.GetProperty("data").GetProperty("id").GetGuid());
                    return false;
                }

                refused++;
                await reply.ProblemAsync(HttpStatusCode.ServiceUnavailable);
                Assert.True(reply.Headers.RetryAfter?.Delta > TimeSpan.Zero);
                return await ReasonAsync(standalone.Shop, "log") is { } reason && reason.Contains("full", StringComparison.OrdinalIgnoreCase);
            },
            "purchases are refused and readiness says that the disk is full");
        output.WriteLine($"{_acknowledged.Count - accepted} more fitted in, {refused} refused");
    }

    private static Task UntilReadyAsync(StandaloneProcess standalone) =>
        Eventually.TrueAsync(
            async () => await ReasonAsync(standalone.Shop, "log") is null && await ReasonAsync(standalone.Management, "recorder") is null,
            "it is ready again, without traffic");

    private async Task NothingIsLostAsync(StandaloneProcess standalone)
    {
        await Eventually.TrueAsync(
            async () => (await standalone.Management.ReadAllAsync($"/api/v1/purchases/{User}?limit=1000")).Contains(_acknowledged[^1]), "the last is recorded");
        var recorded = await standalone.Management.ReadAllAsync($"/api/v1/purchases/{User}?limit=1000");
        output.WriteLine($"{_acknowledged.Count} acknowledged, {recorded.Count} recorded");
        Assert.Empty(_acknowledged.Except(recorded));
        Assert.Equal(recorded.Count, recorded.Distinct().Count());
    }

    /// <summary>Why a dependency is down, as readiness says; null when it is up.</summary>
    private static async Task<string?> ReasonAsync(HttpClient client, string dependency)
    {
        using var reply = await client.GetAsync("/-/ready");
        using var json = JsonDocument.Parse(await reply.Content.ReadAsStringAsync());
        if (json.RootElement.GetProperty(dependency).GetString() is "up")
        {
            return null;
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, reply.StatusCode);
        Assert.Equal("not_ready", json.RootElement.GetProperty("status").GetString());
        return json.RootElement.GetProperty("reasons").GetProperty(dependency).GetString();
    }
}
