using Microsoft.Extensions.Logging.Abstractions;
using ShoppingSystem.Purchases;
using ShoppingSystem.Sqlite;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Standalone;

/// <summary>The commands <c>backup</c> and <c>check</c>, and a shop that is restored from what they made.</summary>
public sealed class BackupTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _directory = StandaloneProcess.NewDataDirectory();
    private readonly string _backups = StandaloneProcess.NewDataDirectory();

    private string Backup => Path.Combine(_backups, "backup");

    [Fact]
    public async Task Backups_under_load_hold_every_purchase_acknowledged_before_them_once()
    {
        const int rounds = 3;
        var load = new BuyingLoad(32);
        List<HashSet<Guid>> before = [];
        await using (var standalone = await StandaloneProcess.StartAsync(_directory))
        {
            using var stop = new CancellationTokenSource();
            var buying = load.RunAsync(standalone.Shop.BaseAddress!, stop.Token);
            for (var round = 0; round < rounds; round++)
            {
                var enough = load.Acknowledged.Count + 300;
                await Eventually.TrueAsync(() => load.Acknowledged.Count > enough, "customers buy");
                before.Add([.. load.Acknowledged.Keys]);
                var (exitCode, text) = await RunAsync("backup", Backup + round, $"--Shopping:DataDirectory={_directory}");
                Assert.True(exitCode == 0, text);
                Assert.Contains("purchases.db: 100 %", text, StringComparison.Ordinal);
                Assert.Contains("log.db: 100 %", text, StringComparison.Ordinal);
                Assert.Equal(["log.db", "purchases.db"], Names(Backup + round));
            }

            // In the middle of it all; the copies know nothing of that.
            await standalone.KillAsync();
            await stop.CancelAsync();
            await buying;
        }

        for (var round = 0; round < rounds; round++)
        {
            await using var restored = await StandaloneProcess.StartAsync(Backup + round);
            var recorded = await BuyingLoad.ReadRecordAsync(restored.Management);
            output.WriteLine($"round {round}: {before[round].Count} acknowledged before, {recorded.Count} restored");
            Assert.Empty(before[round].Except(recorded));
            Assert.Equal(recorded.Count, recorded.Distinct().Count());
            Assert.Equal(0, await restored.StopAsync());
        }
    }

    [Fact]
    public async Task A_backup_made_while_the_shop_is_killed_is_complete()
    {
        await FillAsync(20_000);
        var standalone = await StandaloneProcess.StartAsync(_directory);
        var last = await standalone.Shop.BuyAsync("last");
        await using var command = StandaloneProcess.Command("backup", Backup, $"--Shopping:DataDirectory={_directory}");
        await Eventually.TrueAsync(() => command.Output.Contains("log.db", StringComparison.Ordinal), "it has begun");

        await standalone.KillAsync();
        await standalone.DisposeAsync();

        Assert.Equal(0, await command.ExitAsync());
        await using var restored = await StandaloneProcess.StartAsync(Backup);
        await restored.Management.UntilRecordedAsync("last", 1);
        Assert.Equal([last], await restored.Management.ReadAllAsync("/api/v1/purchases/last"));
    }

    [Theory]
    [InlineData("log.db: 10 %")]
    [InlineData("purchases.db: 10 %")]
    [InlineData("purchases.db: 100 %")]
    public async Task A_cancelled_backup_leaves_only_partial_files_and_can_be_repeated(string at)
    {
        await FillAsync(20_000);

        Assert.Throws<OperationCanceledException>(() => ShopFiles.BackUp(
            _directory, Backup, line => _ = line.StartsWith(at, StringComparison.Ordinal) ? throw new OperationCanceledException() : true));
        Assert.NotEmpty(Names(Backup));
        Assert.All(Names(Backup), name => Assert.Contains(".partial", name, StringComparison.Ordinal));

        ShopFiles.BackUp(_directory, Backup, output.WriteLine);
        Assert.Equal(["log.db", "purchases.db"], Names(Backup));
        ShopFiles.Check(Backup, output.WriteLine);
    }

    [Fact]
    public async Task A_killed_backup_leaves_no_partial_record_under_its_final_name()
    {
        await FillAsync(20_000);
        await using (var command = StandaloneProcess.Command("backup", Backup, $"--Shopping:DataDirectory={_directory}"))
        {
            await Eventually.TrueAsync(() => command.Output.Contains("purchases.db: 10 %", StringComparison.Ordinal), "it copies");
            await command.KillAsync();
        }

        output.WriteLine(string.Join(' ', Names(Backup)));
        if (File.Exists(Path.Combine(Backup, "purchases.db")))
        {
            // It was quicker than the kill.
            ShopFiles.Check(Backup, output.WriteLine);
        }
        else
        {
            var (exitCode, text) = await RunAsync("backup", Backup, $"--Shopping:DataDirectory={_directory}");
            Assert.True(exitCode == 0 || File.Exists(Path.Combine(Backup, "log.db")), text);
        }
    }

    [Fact]
    public async Task A_backup_of_a_stopped_shop_passes_the_check()
    {
        await FillAsync(100);

        var (exitCode, text) = await RunAsync("backup", Backup, $"--Shopping:DataDirectory={_directory}");

        Assert.True(exitCode == 0, text);
        Assert.Equal(["lock", "log.db", "purchases.db"], Names(_directory));
        (exitCode, text) = await RunAsync("check", Backup);
        Assert.True(exitCode == 0, text);
        Assert.Contains($"{Path.Combine(Backup, "purchases.db")}: sound, version 2, 100 purchases, 0 dead letters", text, StringComparison.Ordinal);
        Assert.Contains($"{Path.Combine(Backup, "log.db")}: sound, version 2, 100 events that wait", text, StringComparison.Ordinal);
        Assert.Equal(["log.db", "purchases.db"], Names(Backup));
    }

    [Fact]
    public async Task A_running_shop_can_be_checked()
    {
        await using var standalone = await StandaloneProcess.StartAsync(_directory);
        await standalone.Shop.BuyAsync("123");
        await standalone.Management.UntilRecordedAsync("123", 1);

        var (exitCode, text) = await RunAsync("check", $"--Shopping:DataDirectory={_directory}");

        Assert.True(exitCode == 0, text);
        Assert.Contains("1 purchases", text, StringComparison.Ordinal);
        await standalone.Shop.BuyAsync("123");
        await standalone.Management.UntilRecordedAsync("123", 2);
    }

    /// <param name="file">The damaged file.</param>
    /// <param name="together">How many purchases are appended at a time. It decides what the damaged page holds: events, or where they are.</param>
    [Theory]
    [InlineData("log.db", 500)]
    [InlineData("log.db", 10)]
    [InlineData("purchases.db", 500)]
    public async Task A_damaged_database_is_named_by_check_and_not_backed_up(string file, int together)
    {
        await FillAsync(500, together);
        var path = Path.Combine(_directory, file);
        var content = await File.ReadAllBytesAsync(path);
        content.AsSpan(content.Length - 4096).Fill(0xA5);
        await File.WriteAllBytesAsync(path, content);

        foreach (var arguments in (string[][])[["check"], ["backup", Backup]])
        {
            var (exitCode, text) = await RunAsync([.. arguments, $"--Shopping:DataDirectory={_directory}"]);
            Assert.Equal(1, exitCode);
            Assert.Contains($"{file}", text, StringComparison.Ordinal);
            Assert.Contains("is damaged", text, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
        }

        Assert.False(File.Exists(Path.Combine(Backup, "log.db")));
        Assert.Equal(content, await File.ReadAllBytesAsync(path));
    }

    [Theory]
    [InlineData("backup")]
    [InlineData("backup --x")]
    [InlineData("backup {0}/a {0}/b")]
    [InlineData("backup {0}/a --Shopping:DataDirectory={1} {0}/b")]
    [InlineData("check {0}/a {0}/b")]
    [InlineData("bakcup {0}/a")]
    [InlineData("backup {1} --Shopping:DataDirectory={1}", "is the data directory itself")]
    [InlineData("backup {1}/../{2} --Shopping:DataDirectory={1}", "is the data directory itself")]
    [InlineData("backup {0}/a --Shopping:DataDirectory={0}/none", "does not hold the files of a shop")]
    [InlineData("backup {0}/taken --Shopping:DataDirectory={1}", "holds a backup or a shop already")]
    [InlineData("backup {0}/file --Shopping:DataDirectory={1}", "can't be written to")]
    [InlineData("backup {0}/file/below --Shopping:DataDirectory={1}", "can't be written to")]
    [InlineData("backup {0}/a --Shopping:DataDirectory=", "Shopping:DataDirectory")]
    [InlineData("check {0}/none", "does not hold the files of a shop")]
    public async Task Invalid_arguments_are_refused_in_one_line(string arguments, string reason = "DIRECTORY")
    {
        await FillAsync(1);
        Directory.CreateDirectory(Path.Combine(_backups, "taken"));
        await File.WriteAllTextAsync(Path.Combine(_backups, "taken", "purchases.db"), "");
        await File.WriteAllTextAsync(Path.Combine(_backups, "file"), "mine");

        var line = string.Format(null, arguments, _backups, _directory, Path.GetFileName(_directory));
        var (exitCode, output, errors) = await StandaloneProcess.RunAsync(line.Split(' '));

        Assert.Equal(1, exitCode);
        Assert.Contains(reason, Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        Assert.False(Path.Exists(Path.Combine(_backups, "a", "purchases.db")));
    }

    public void Dispose()
    {
        Directory.Delete(_directory, recursive: true);
        Directory.Delete(_backups, recursive: true);
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        var (exitCode, text, _) = await StandaloneProcess.RunAsync(arguments);
        return (exitCode, text);
    }

    private static IEnumerable<string?> Names(string directory) => Directory.GetFiles(directory).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    private async Task FillAsync(int purchases, int together = int.MaxValue)
    {
        await using var storage = EmbeddedStorage.Open(_directory, new PurchaseLogOptions(), NullLoggerFactory.Instance);
        var some = Some.Purchases(purchases);
        foreach (var group in some.Chunk(together))
        {
            await Task.WhenAll(group.Select(purchase => storage.Log.AppendAsync(purchase).AsTask()));
        }

        await new SqlitePurchaseStore(storage.Record).RecordAsync(some);
    }
}
