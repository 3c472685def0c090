using System.Net;
using Microsoft.Data.Sqlite;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Standalone;

/// <summary>The files of the real process: whole when it has stopped, its own while it runs, and relied on only where they were opened.</summary>
public sealed class FilesTests(ITestOutputHelper output) : IDisposable
{
    private const string User = "customer";
    private readonly string _directory = StandaloneProcess.NewDataDirectory();

    [Theory]
    [InlineData(ChildProcess.Sigterm)]
    [InlineData(ChildProcess.Sigint)]
    public async Task A_stopped_shop_leaves_complete_databases(int signal)
    {
        const int purchases = 20;
        await using (var standalone = await StandaloneProcess.StartAsync(_directory))
        {
            for (var i = 0; i < purchases; i++)
            {
                await standalone.Shop.BuyAsync(User);
            }

            await standalone.Management.UntilRecordedAsync(User, purchases);
            Assert.Equal(purchases, (await standalone.Shop.ReadAllAsync($"/api/v1/getAllUserBuys/{User}")).Count);
            Assert.Equal(0, await standalone.StopAsync(signal));
        }

        Assert.Equal(["lock", "log.db", "purchases.db"], Directory.GetFiles(_directory).Select(Path.GetFileName).Order());
        Assert.Equal(purchases, Count(_directory));
    }

    [Fact]
    public async Task A_refused_start_leaves_complete_databases()
    {
        await using (var standalone = await StandaloneProcess.StartAsync(_directory))
        {
            await standalone.Shop.BuyAsync(User);
            await standalone.Management.UntilRecordedAsync(User, 1);
            await standalone.StopAsync();
        }

        File.Delete(Path.Combine(_directory, "purchases.db"));
        var (exitCode, _, errors) = await StandaloneProcess.RunAsync($"--Shopping:DataDirectory={_directory}");

        Assert.Equal(1, exitCode);
        Assert.Contains($"{Path.Combine(_directory, "purchases.db")} is gone", Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Equal(["lock", "log.db"], Directory.GetFiles(_directory).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task A_new_log_beside_an_old_record_is_reported()
    {
        await using (var standalone = await StandaloneProcess.StartAsync(_directory))
        {
            await standalone.Shop.BuyAsync(User);
            await standalone.Management.UntilRecordedAsync(User, 1);
            await standalone.StopAsync();
        }

        File.Delete(Path.Combine(_directory, "log.db"));
        await using var again = await StandaloneProcess.StartAsync(_directory);

        await Eventually.TrueAsync(() => again.Output.Contains($"{Path.Combine(_directory, "log.db")} was missing, and a new one was created", StringComparison.Ordinal), "it is told");
        await again.Shop.BuyAsync(User);
        await again.Management.UntilRecordedAsync(User, 2);
    }

    [Fact]
    public async Task A_second_instance_is_refused_although_the_lock_file_was_removed()
    {
        await using var first = await StandaloneProcess.StartAsync(_directory);
        File.Delete(Path.Combine(_directory, "lock"));

        await RefusedAsync(_directory);

        await first.Shop.BuyAsync(User);
        await first.Management.UntilRecordedAsync(User, 1);
    }

    [Fact]
    public async Task A_second_instance_is_refused_by_whatever_name_the_directory_goes()
    {
        var (link, moved) = (_directory + "-link", _directory + "-moved");
        await using var first = await StandaloneProcess.StartAsync(_directory);
        Directory.CreateSymbolicLink(link, _directory);
        await RefusedAsync(link);
        Directory.Delete(link);

        Directory.Move(_directory, moved);
        await RefusedAsync(moved);

        await first.KillAsync();
        Directory.Move(moved, _directory);
    }

    [Fact]
    public async Task After_its_directory_is_removed_it_refuses_purchases_says_why_once_and_serves_a_new_one_when_started_again()
    {
        await using (var standalone = await StandaloneProcess.StartAsync(_directory))
        {
            await standalone.Shop.BuyAsync(User);
            await standalone.Management.UntilRecordedAsync(User, 1);

            Directory.Delete(_directory, recursive: true);

            var acknowledged = await BuyUntilRefusedAsync(standalone);
            output.WriteLine($"{acknowledged} acknowledged until it was noticed");
            for (var i = 0; i < 10; i++)
            {
                using var reply = await BuyAsync(standalone);
                await reply.ProblemAsync(HttpStatusCode.ServiceUnavailable);
            }

            Assert.False(await standalone.Shop.IsReadyAsync());
            Assert.False(await standalone.Management.IsReadyAsync());
            Assert.Equal(0, await standalone.StopAsync());
            Assert.Equal(1, Occurrences(standalone.Output, "fail: ShoppingSystem.Sqlite"));
            Assert.Contains($"{Path.Combine(_directory, "log.db")} is gone", standalone.Output, StringComparison.Ordinal);
        }

        await using var again = await StandaloneProcess.StartAsync(_directory);
        await again.Shop.BuyAsync(User);
        await again.Management.UntilRecordedAsync(User, 1);
    }

    [Fact]
    public async Task After_a_backup_is_moved_over_the_live_files_the_next_start_has_the_backup_and_nothing_else()
    {
        var backup = Path.Combine(_directory, "backup");
        await using (var standalone = await StandaloneProcess.StartAsync(_directory))
        {
            await standalone.Shop.BuyAsync(User);
            await standalone.Management.UntilRecordedAsync(User, 1);
            await using (var command = StandaloneProcess.Command("backup", backup, $"--Shopping:DataDirectory={_directory}"))
            {
                Assert.Equal(0, await command.ExitAsync());
            }

            await standalone.Shop.BuyAsync(User);
            await standalone.Management.UntilRecordedAsync(User, 2);
            foreach (var file in Directory.GetFiles(backup))
            {
                File.Move(file, Path.Combine(_directory, Path.GetFileName(file)), overwrite: true);
            }

            await BuyUntilRefusedAsync(standalone);
            Assert.Equal(0, await standalone.StopAsync());
        }

        // What a running shop leaves behind does not belong to the files that were moved there; docs/operations.md says to move it away.
        foreach (var file in Directory.GetFiles(_directory, "*.db-*"))
        {
            File.Delete(file);
        }

        await using var again = await StandaloneProcess.StartAsync(_directory);
        await again.Management.UntilRecordedAsync(User, 1);
    }

    public void Dispose()
    {
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private static async Task<int> BuyUntilRefusedAsync(StandaloneProcess standalone)
    {
        var acknowledged = 0;
        await Eventually.TrueAsync(
            async () =>
            {
                using var reply = await BuyAsync(standalone);
                acknowledged += reply.StatusCode is HttpStatusCode.Accepted ? 1 : 0;
                return reply.StatusCode is HttpStatusCode.ServiceUnavailable;
            },
            "purchases are refused");
        return acknowledged;
    }

    private static Task<HttpResponseMessage> BuyAsync(StandaloneProcess standalone) =>
        standalone.Shop.PostAsync("/api/v1/buy", Support.Http.Json($$"""{"username":"u","userid":"{{User}}","price":1}"""));

    private static async Task RefusedAsync(string directory)
    {
        var (exitCode, _, errors) = await StandaloneProcess.RunAsync(
            $"--Shopping:DataDirectory={directory}", $"--Shopping:WebServerUrl={StandaloneProcess.FreeAddress()}",
            $"--Shopping:ManagementApiUrl={StandaloneProcess.FreeAddress()}");
        Assert.Equal(1, exitCode);
        Assert.Contains("in use by another instance", errors, StringComparison.Ordinal);
    }

    private static long Count(string directory)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(directory, "purchases.db")};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM purchases";
        return (long)command.ExecuteScalar()!;
    }

    private static int Occurrences(string text, string part) => text.Split(part).Length - 1;
}
