using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using ShoppingSystem.Purchases;
using ShoppingSystem.Sqlite;
using ShoppingSystem.Tests.Kafka;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Sqlite;

/// <summary>
/// Files that are removed, moved, replaced or cut off while they are open take what is written to them and have nothing of it after the
/// next start. (On Windows they can't be removed or replaced.)
/// </summary>
public sealed class OpenFileFaultTests
{
    private const string User = "customer";

    /// <summary>What happens to the files in a directory, by name, and which file readiness names then.</summary>
    private static readonly Dictionary<string, (string Named, Action<string> Do)> Faults = new()
    {
        ["the directory is removed"] = ("log.db", directory => Directory.Delete(directory, recursive: true)),
        ["the directory is moved"] = ("log.db", directory => Directory.Move(directory, directory + "-moved")),
        ["another directory is in its place"] = ("log.db", ReplaceDirectory),
        ["all files of the log are removed"] = ("log.db", directory => Remove(directory, "log.db*")),
        ["all files of the record are removed"] = ("purchases.db", directory => Remove(directory, "purchases.db*")),
        ["log.db is removed"] = ("log.db", directory => Remove(directory, "log.db")),
        ["log.db-wal is removed"] = ("log.db-wal", directory => Remove(directory, "log.db-wal")),
        ["log.db-shm is removed"] = ("log.db-shm", directory => Remove(directory, "log.db-shm")),
        ["purchases.db is removed"] = ("purchases.db", directory => Remove(directory, "purchases.db")),
        ["purchases.db-wal is removed"] = ("purchases.db-wal", directory => Remove(directory, "purchases.db-wal")),
        ["purchases.db-shm is removed"] = ("purchases.db-shm", directory => Remove(directory, "purchases.db-shm")),
        ["log.db is another file"] = ("log.db", directory => Replace(directory, "log.db")),
        ["purchases.db is another file"] = ("purchases.db", directory => Replace(directory, "purchases.db")),
        ["purchases.db-wal is another file"] = ("purchases.db-wal", directory => Replace(directory, "purchases.db-wal")),
        ["purchases.db is a link to another file"] = ("purchases.db", ReplaceByLink),
        ["log.db is cut off"] = ("log.db", directory => CutOff(directory, "log.db", 4096)),
        ["log.db is emptied"] = ("log.db", directory => CutOff(directory, "log.db", 0)),
        ["log.db-wal is cut off"] = ("log.db-wal", directory => CutOff(directory, "log.db-wal", 4096)),
        ["log.db-wal is emptied"] = ("log.db-wal", directory => CutOff(directory, "log.db-wal", 0)),
        ["purchases.db is cut off"] = ("purchases.db", directory => CutOff(directory, "purchases.db", 4096)),
        ["purchases.db is emptied"] = ("purchases.db", directory => CutOff(directory, "purchases.db", 0)),
        ["purchases.db-wal is emptied"] = ("purchases.db-wal", directory => CutOff(directory, "purchases.db-wal", 0)),
    };

    public static TheoryData<string> FaultNames => [.. Faults.Keys];

    [Theory]
    [MemberData(nameof(FaultNames))]
    public async Task A_removed_replaced_or_truncated_file_is_named_by_readiness_and_purchases_are_refused(string fault)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var (named, happen) = Faults[fault];
        var logs = new Warnings();
        await using var shop = await InProcessShop.StartAsync(logs: logs);
        var moved = shop.DataDirectory + "-moved";
        try
        {
            await shop.Shop.BuyAsync(User);
            await shop.Management.UntilRecordedAsync(User, 1);

            happen(shop.DataDirectory);

            await Eventually.TrueAsync(async () => await ReasonAsync(shop.Shop, "log") is not null, "readiness is red");
            foreach (var reason in (string?[])[await ReasonAsync(shop.Shop, "log"), await ReasonAsync(shop.Management, "store")])
            {
                Assert.StartsWith($"{Path.Combine(shop.DataDirectory, named)} ", reason, StringComparison.Ordinal);
                Assert.Contains("acknowledged since", reason, StringComparison.Ordinal);
            }

            using var refusal = await shop.Shop.PostAsync("/api/v1/buy", Support.Http.Json($$"""{"username":"u","userid":"{{User}}","price":1}"""));
            await refusal.ProblemAsync(HttpStatusCode.ServiceUnavailable);
            Assert.True(refusal.Headers.RetryAfter?.Delta > TimeSpan.Zero);
            Assert.Single(logs, line => line.Contains("acknowledged since", StringComparison.Ordinal) && line.StartsWith(shop.DataDirectory, StringComparison.Ordinal));
        }
        finally
        {
            if (Directory.Exists(moved))
            {
                Directory.Delete(moved, recursive: true);
            }
        }
    }

    [Fact]
    public async Task Files_moved_away_and_back_are_not_used_until_a_restart()
    {
        await using var shop = await InProcessShop.StartAsync();
        var moved = shop.DataDirectory + "-moved";
        Directory.Move(shop.DataDirectory, moved);
        await Eventually.TrueAsync(async () => await ReasonAsync(shop.Shop, "log") is not null, "readiness is red");

        Directory.Move(moved, shop.DataDirectory);

        Assert.NotNull(await ReasonAsync(shop.Shop, "log"));
        await Assert.ThrowsAsync<PurchaseLogUnavailableException>(async () => await shop.Storage.Log.AppendAsync(Some.Purchase()));
    }

    [Fact]
    public async Task Recording_into_a_removed_record_fails_and_names_the_file()
    {
        var directory = Directory.CreateTempSubdirectory("shopping-test-").FullName;
        using var database = new RecordDatabase(Path.Combine(directory, "purchases.db"));
        var store = new SqlitePurchaseStore(database);
        await store.RecordAsync(Some.Purchases(1));

        Directory.Delete(directory, recursive: true);

        var refusal = await Assert.ThrowsAsync<StorageException>(async () => await store.RecordAsync(Some.Purchases(1)));
        Assert.Contains("purchases.db is gone", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Removing_an_open_WAL_loses_no_earlier_purchase()
    {
        var directory = Directory.CreateTempSubdirectory("shopping-test-").FullName;
        var copy = Directory.CreateDirectory(Path.Combine(directory, "copy")).FullName;
        await using (var storage = EmbeddedStorage.Open(directory, new PurchaseLogOptions(), NullLoggerFactory.Instance))
        {
            await new SqlitePurchaseStore(storage.Record).RecordAsync(Some.Purchases(5));
            await storage.Log.AppendAsync(Some.Purchase());

            Remove(directory, "*-wal");
            await Assert.ThrowsAsync<StorageException>(async () => await new SqlitePurchaseStore(storage.Record).RecordAsync(Some.Purchases(1)));

            // As a kill leaves them.
            File.Copy(Path.Combine(directory, "log.db"), Path.Combine(copy, "log.db"));
            File.Copy(Path.Combine(directory, "purchases.db"), Path.Combine(copy, "purchases.db"));
        }

        await using (var again = EmbeddedStorage.Open(copy, new PurchaseLogOptions(), NullLoggerFactory.Instance))
        {
            Assert.Equal(5, await new SqlitePurchaseStore(again.Record).CountAsync());
            Assert.Equal(1, again.Log.End - again.Log.Committed);
        }

        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task Files_that_replaced_the_open_ones_are_left_unchanged()
    {
        var directory = Directory.CreateTempSubdirectory("shopping-test-").FullName;
        Dictionary<string, byte[]> others = [];
        await using (var storage = EmbeddedStorage.Open(directory, new PurchaseLogOptions(), NullLoggerFactory.Instance))
        {
            await new SqlitePurchaseStore(storage.Record).RecordAsync(Some.Purchases(5));
            await storage.Log.AppendAsync(Some.Purchase());
            foreach (var file in Directory.GetFiles(directory, "*.db*").Where(file => !file.EndsWith("-shm", StringComparison.Ordinal)))
            {
                Replace(directory, Path.GetFileName(file));
                others[file] = await File.ReadAllBytesAsync(file);
            }

            await Eventually.TrueAsync(() => storage.Log.Failure is not null, "it is noticed");
            await Assert.ThrowsAsync<PurchaseLogUnavailableException>(async () => await storage.Log.AppendAsync(Some.Purchase()));
        }

        Assert.Equal(4, others.Count);
        Assert.All(others, other => Assert.Equal(other.Value, File.ReadAllBytes(other.Key)));
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task A_log_that_shrinks_by_itself_is_not_reported_as_truncated()
    {
        const int large = 300;
        await using var shop = await InProcessShop.StartAsync();
        var file = new FileInfo(Path.Combine(shop.DataDirectory, "log.db"));
        var item = new string('x', 128 * 1024);
        await Task.WhenAll(Enumerable.Range(0, large).Select(i => shop.Storage.Log.AppendAsync(Some.Purchase($"user {i}", item: item)).AsTask()));
        await Eventually.TrueAsync(() => Length() > large * item.Length / 2, "the log has grown");
        // Room is given back while nothing is appended for half a second. The file is cut off when SQLite writes the WAL back, and that is
        // with a later commit at the latest. Up to 16 MiB are kept: what is recorded bit by bit leaves as much.
        await Eventually.TrueAsync(
            async () =>
            {
                await shop.Storage.Log.AppendAsync(Some.Purchase("another user"));
                await Task.Delay(TimeSpan.FromSeconds(1));
                return Length() < large * item.Length / 2;
            },
            "the log has given back its room");

        await shop.Shop.BuyAsync(User);
        await shop.Management.UntilRecordedAsync(User, 1);
        Assert.Null(await ReasonAsync(shop.Shop, "log"));

        long Length()
        {
            file.Refresh();
            return file.Length;
        }
    }

    private static async Task<string?> ReasonAsync(HttpClient client, string dependency)
    {
        using var reply = await client.GetAsync("/-/ready");
        using var json = JsonDocument.Parse(await reply.Content.ReadAsStringAsync());
        if (json.RootElement.GetProperty(dependency).GetString() is "up")
        {
            return null;
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, reply.StatusCode);
        return json.RootElement.GetProperty("reasons").GetProperty(dependency).GetString();
    }

    private static void Remove(string directory, string pattern) => Array.ForEach(Directory.GetFiles(directory, pattern), File.Delete);

    // As mv does it: the name then means a file with the same content.
    private static void ReplaceDirectory(string directory)
    {
        Directory.Move(directory, directory + "-moved");
        CopyAll(directory + "-moved", directory);
    }

    private static void ReplaceByLink(string directory)
    {
        Replace(directory, "purchases.db");
        File.Move(Path.Combine(directory, "purchases.db"), Path.Combine(directory, "target"));
        File.CreateSymbolicLink(Path.Combine(directory, "purchases.db"), Path.Combine(directory, "target"));
    }

    private static void Replace(string directory, string name)
    {
        var (path, copy) = (Path.Combine(directory, name), Path.Combine(directory, "copy"));
        File.Copy(path, copy);
        File.Move(copy, path, overwrite: true);
    }

    private static void CutOff(string directory, string name, long length)
    {
        using var file = new FileStream(Path.Combine(directory, name), FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        file.SetLength(length);
    }

    private static void CopyAll(string from, string to)
    {
        Directory.CreateDirectory(to);
        Array.ForEach(Directory.GetFiles(from, "*.db*"), file => File.Copy(file, Path.Combine(to, Path.GetFileName(file))));
    }
}
