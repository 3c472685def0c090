using ShoppingSystem.Purchases;
using ShoppingSystem.Sqlite;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Sqlite;

/// <summary>What is recorded is written back from the WAL to the file beside the recording.</summary>
public sealed class WriteBackTests : IDisposable
{
    private const int Users = 1000;
    private const int Batch = 2000;

    private readonly string _directory = Directory.CreateTempSubdirectory("shopping-test-").FullName;
    private int _recorded;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Recorded_purchases_are_written_back_before_the_WAL_is_full()
    {
        var file = new FileInfo(Path.Combine(_directory, "purchases.db"));
        using var database = new RecordDatabase(file.FullName);
        var empty = file.Length;

        await RecordAsync(new SqlitePurchaseStore(database));

        await Eventually.TrueAsync(
            () =>
            {
                file.Refresh();
                return file.Length > empty;
            }, "the file has grown");
    }

    [Fact]
    public async Task The_WAL_restarts_however_much_is_recorded_without_a_pause()
    {
        const int batches = 30;
        const long mostBytes = 160 * 1024 * 1024;
        var wal = new FileInfo(Path.Combine(_directory, "purchases.db-wal"));
        using var database = new RecordDatabase(Path.Combine(_directory, "purchases.db"));
        var store = new SqlitePurchaseStore(database);
        long longest = 0;
        for (var i = 0; i < batches; i++)
        {
            await RecordAsync(store);
            wal.Refresh();
            longest = Math.Max(longest, wal.Length);
        }

        Assert.InRange(longest, 1, mostBytes);
        Assert.Equal(_recorded, await store.CountAsync());
    }

    // In any order, as ids of idempotency keys are: most rows change pages of their own.
    private async Task RecordAsync(SqlitePurchaseStore store)
    {
        var batch = Enumerable.Range(_recorded, Batch)
            .Select(i => Some.Purchase($"user {i % Users}") with { Id = PurchaseId.FromIdempotencyKey("user", $"{i}") }).ToList();
        _recorded += (await store.RecordAsync(batch)).Recorded;
    }
}
