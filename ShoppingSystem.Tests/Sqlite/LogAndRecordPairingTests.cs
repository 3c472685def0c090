using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using ShoppingSystem.Purchases;
using ShoppingSystem.Sqlite;
using ShoppingSystem.Tests.Kafka;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Sqlite;

/// <summary>
/// What is recorded leaves the log. A log and a record of different times, or of different shops, have purchases in neither, and
/// this is said before anything is done with them.
/// </summary>
public sealed class LogAndRecordPairingTests : IDisposable
{
    private readonly string _shop = Directory.CreateTempSubdirectory("shopping-test-").FullName;
    private readonly string _before = Directory.CreateTempSubdirectory("shopping-test-").FullName;

    public void Dispose()
    {
        Directory.Delete(_shop, recursive: true);
        Directory.Delete(_before, recursive: true);
    }

    [Fact]
    public async Task A_record_older_than_its_log_is_refused()
    {
        await BuyAndRecordAsync(_shop, 3);
        Copy(_shop, _before, "log.db", "purchases.db");
        await BuyAndRecordAsync(_shop, 4);
        Copy(_before, _shop, "purchases.db");
        var contents = Contents();

        var refusal = Assert.Throws<StorageException>(() => Open(_shop));

        Assert.Contains("purchases.db is older than ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("log.db: 4 events that have left the log", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(contents, Contents());
        Assert.Equal(refusal.Message, Assert.Throws<StorageException>(() => ShopFiles.Check(_shop, _ => { })).Message);

        Copy(_before, _shop, "log.db");
        Assert.Equal(3, await CountAsync(_shop));
    }

    [Fact]
    public async Task An_empty_record_beside_a_log_with_recorded_events_is_refused()
    {
        await using (Open(_before))
        {
        }

        await BuyAndRecordAsync(_shop, 3);
        Copy(_before, _shop, "purchases.db");

        var refusal = Assert.Throws<StorageException>(() => Open(_shop));

        Assert.Contains("log.db: 3 events that have left the log", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_without_its_totals_row_is_refused_as_damaged()
    {
        await BuyAndRecordAsync(_shop, 3);
        await using (var connection = new SqliteConnection($"Data Source={Path.Combine(_shop, "purchases.db")};Pooling=false"))
        {
            await connection.OpenAsync();
            connection.Execute("DELETE FROM totals");
        }

        var refusal = Assert.Throws<StorageException>(() => Open(_shop));

        Assert.Contains("purchases.db is damaged", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("log.db")]
    [InlineData("purchases.db")]
    public async Task A_file_of_another_shop_is_refused(string file)
    {
        await BuyAndRecordAsync(_before, 3);
        await BuyAndRecordAsync(_shop, 3);
        Copy(_before, _shop, file);

        var refusal = Assert.Throws<StorageException>(() => Open(_shop));

        Assert.Contains("purchases.db was recorded from another log than ", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(refusal.Message, Assert.Throws<StorageException>(() => ShopFiles.Check(_shop, _ => { })).Message);
    }

    [Fact]
    public async Task A_log_older_than_its_record_is_reported_and_later_purchases_are_recorded_once()
    {
        await BuyAndRecordAsync(_shop, 3);
        Copy(_shop, _before, "log.db");
        await BuyAndRecordAsync(_shop, 4);
        Copy(_before, _shop, "log.db");
        using var warnings = new Warnings();

        await BuyAndRecordAsync(_shop, 2, warnings);
        await BuyAndRecordAsync(_shop, 2, warnings);

        Assert.Contains("log.db is older than ", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Equal(11, await CountAsync(_shop));
    }

    [Fact]
    public async Task A_new_log_replaces_a_removed_one_with_a_warning_and_the_old_log_is_then_refused()
    {
        await BuyAndRecordAsync(_shop, 3);
        Copy(_shop, _before, "log.db");
        File.Delete(Path.Combine(_shop, "log.db"));
        using var warnings = new Warnings();

        await BuyAndRecordAsync(_shop, 2, warnings);
        await BuyAndRecordAsync(_shop, 2, warnings);

        Assert.Contains("log.db was missing, and a new one was created", Assert.Single(warnings), StringComparison.Ordinal);
        Copy(_before, _shop, "log.db");
        Assert.Contains("from another log", Assert.Throws<StorageException>(() => Open(_shop)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_taken_during_purchases_has_a_log_and_a_record_that_match()
    {
        var backup = Path.Combine(_before, "backup");
        await using (var storage = Open(_shop))
        {
            await BuyAndRecordAsync(storage, 3);
            var wentOn = false;
            ShopFiles.BackUp(_shop, backup, line =>
            {
                if (line == "log.db: 100 %")
                {
                    BuyAndRecordAsync(storage, 4).GetAwaiter().GetResult();
                    wentOn = true;
                }
            });
            Assert.True(wentOn);
        }

        using var warnings = new Warnings();
        await BuyAndRecordAsync(backup, 2, warnings);

        Assert.Empty(warnings);
        Assert.Equal(9, await CountAsync(backup));
        ShopFiles.Check(backup, _ => { });
    }

    private static async Task BuyAndRecordAsync(string directory, int purchases, Warnings? warnings = null)
    {
        await using var storage = Open(directory, warnings);
        await BuyAndRecordAsync(storage, purchases);
    }

    private static async Task BuyAndRecordAsync(EmbeddedStorage storage, int purchases)
    {
        await Task.WhenAll(Some.Purchases(purchases).Select(purchase => storage.Log.AppendAsync(purchase).AsTask()));
        var store = new SqlitePurchaseStore(storage.Record);
        await foreach (var batch in storage.Feed.ReadAsync())
        {
            await store.RecordAsync([.. batch.Events.Select(@event =>
            {
                Assert.True(PurchaseEvent.TryRead(@event, out var purchase, out _));
                return purchase;
            })]);
            await batch.CommitAsync();
            if (storage.Feed.Lag.All(partition => partition.Lag == 0))
            {
                break;
            }
        }
    }

    private static async Task<long> CountAsync(string directory)
    {
        await using var storage = Open(directory);
        return await new SqlitePurchaseStore(storage.Record).CountAsync();
    }

    private static EmbeddedStorage Open(string directory, Warnings? warnings = null)
    {
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(warnings ?? new Warnings()));
        return EmbeddedStorage.Open(directory, new PurchaseLogOptions(), loggers);
    }

    private static void Copy(string from, string to, params string[] files) =>
        Array.ForEach(files, file => File.Copy(Path.Combine(from, file), Path.Combine(to, file), overwrite: true));

    private byte[][] Contents() => [.. Directory.GetFiles(_shop).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
}
