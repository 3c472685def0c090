using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using ShoppingSystem.Purchases;
using ShoppingSystem.Sqlite;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Sqlite;

/// <summary>A disk that does not answer: here, a file that somebody else has locked.</summary>
public sealed class StalledDiskTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("shopping-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Purchases_not_durable_within_the_deadline_are_refused_and_later_ones_accepted()
    {
        await using var storage = Open(deadline: TimeSpan.FromMilliseconds(200));
        using (Lock())
        {
            var refusal = await Assert.ThrowsAsync<PurchaseLogUnavailableException>(() => storage.Log.AppendAsync(Some.Purchase()).AsTask());
            Assert.Contains("did not confirm within", refusal.Message, StringComparison.Ordinal);
        }

        await Eventually.TrueAsync(() => IsTakenAsync(storage, Some.Purchase()), "purchases are taken again");
    }

    [Fact]
    public async Task Waiting_purchases_are_bounded_and_become_durable_once_the_disk_answers()
    {
        const int enough = 500;
        await using var storage = Open(deadline: TimeSpan.FromMinutes(1));
        var large = Some.Purchase(item: new string('x', 1024 * 1024));
        var waiting = new List<Task>();
        PurchaseLogUnavailableException? refusal = null;
        using (Lock())
        {
            while (refusal is null && waiting.Count < enough)
            {
                try
                {
                    waiting.Add(storage.Log.AppendAsync(large).AsTask());
                }
                catch (PurchaseLogUnavailableException e)
                {
                    refusal = e;
                }
            }
        }

        Assert.Contains("Too many purchases are waiting", refusal?.Message, StringComparison.Ordinal);
        await Task.WhenAll(waiting);
        Assert.Equal(waiting.Count, storage.Log.End);
    }

    [Fact]
    public async Task A_closed_log_accepts_no_purchase()
    {
        var storage = Open(deadline: TimeSpan.FromMinutes(1));
        await storage.DisposeAsync();

        Assert.False(await IsTakenAsync(storage, Some.Purchase()));
    }

    private EmbeddedStorage Open(TimeSpan deadline) =>
        EmbeddedStorage.Open(_directory, new PurchaseLogOptions { AppendDeadline = deadline }, NullLoggerFactory.Instance);

    private static async Task<bool> IsTakenAsync(EmbeddedStorage storage, Purchase purchase)
    {
        try
        {
            await storage.Log.AppendAsync(purchase);
            return true;
        }
        catch (PurchaseLogUnavailableException)
        {
            return false;
        }
    }

    /// <summary>The file is locked until this is disposed.</summary>
    private SqliteConnection Lock()
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(_directory, "log.db")};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        command.ExecuteNonQuery();
        return connection;
    }
}
