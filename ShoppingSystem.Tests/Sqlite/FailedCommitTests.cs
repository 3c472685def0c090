using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using ShoppingSystem.Purchases;
using ShoppingSystem.Sqlite;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Sqlite;

/// <summary>
/// A commit that failed may be in the file all the same: SQLite writes a commit to the WAL before it syncs, and when the disk
/// fails there, and again when the connection is closed, whoever opens the file next finds the commit and takes it for good.
/// </summary>
public sealed class FailedCommitTests : IAsyncLifetime
{
    private static readonly PurchaseLogOptions Options = new() { AppendDeadline = TimeSpan.FromMinutes(1), BatchSize = 10 };
    private readonly string _directory = Directory.CreateTempSubdirectory("shopping-test-").FullName;
    private EmbeddedStorage _storage = null!;

    public ValueTask InitializeAsync()
    {
        _storage = EmbeddedStorage.Open(_directory, Options, NullLoggerFactory.Instance);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _storage.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Purchases_acknowledged_after_a_failed_commit_that_was_written_are_all_fed()
    {
        List<Guid> acknowledged = [await AppendAsync(1)];
        var refused = await FailAndFindItThereAsync(Some.Purchases(3, "refused"));

        for (var i = 0; i < 5; i++)
        {
            acknowledged.Add(await AppendAsync(i));
        }

        var fed = await ReadAsync(acknowledged.Count + refused.Count);
        Assert.Equal([acknowledged[0], .. refused, .. acknowledged.Skip(1)], fed);
    }

    [Fact]
    public async Task Purchases_acknowledged_after_the_feed_read_a_failed_commit_are_all_fed()
    {
        List<Guid> acknowledged = [await AppendAsync(1)];
        var refused = await FailAndFindItThereAsync(Some.Purchases(3, "refused"));

        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using var batches = _storage.Feed.ReadAsync(timeout.Token).GetAsyncEnumerator();
        Assert.True(await batches.MoveNextAsync()); // the first, and what stands behind it
        var fed = Ids(batches.Current).ToList();
        await batches.Current.CommitAsync();
        await Eventually.TrueAsync(() => Waiting() == 0, "what is recorded is trimmed");
        for (var i = 0; i < 5; i++)
        {
            acknowledged.Add(await AppendAsync(i));
        }

        while (fed.Count < acknowledged.Count + refused.Count && await batches.MoveNextAsync())
        {
            fed.AddRange(Ids(batches.Current));
            await batches.Current.CommitAsync();
        }

        Assert.Equal([acknowledged[0], .. refused, .. acknowledged.Skip(1)], fed);
    }

    /// <summary>Has a commit fail, and puts into the file what it would have put there.</summary>
    private async Task<List<Guid>> FailAndFindItThereAsync(List<Purchase> purchases)
    {
        using var other = Open(SqliteOpenMode.ReadWrite);
        Execute(other, "BEGIN IMMEDIATE");
        await Assert.ThrowsAsync<PurchaseLogUnavailableException>(async () => await _storage.Log.AppendAsync(Some.Purchase()));
        Assert.NotNull(_storage.Log.Failure);

        using var insert = other.CreateCommand();
        insert.CommandText = "INSERT INTO groups VALUES ($first, $count, 0, $events, NULL)";
        insert.Parameters.AddWithValue("$first", _storage.Log.End);
        insert.Parameters.AddWithValue("$count", purchases.Count);
        insert.Parameters.AddWithValue("$events", purchases.SelectMany(purchase => Some.Event(purchase).Append((byte)'\n')).ToArray());
        insert.ExecuteNonQuery();
        Execute(other, "COMMIT");
        return [.. purchases.Select(purchase => purchase.Id)];
    }

    private async Task<Guid> AppendAsync(decimal price)
    {
        var purchase = Some.Purchase(price: price + 1);
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    await _storage.Log.AppendAsync(purchase);
                    return true;
                }
                catch (PurchaseLogUnavailableException)
                {
                    return false;
                }
            },
            "purchases are taken again");
        return purchase.Id;
    }

    private async Task<List<Guid>> ReadAsync(int count)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var fed = new List<Guid>();
        await foreach (var batch in _storage.Feed.ReadAsync(timeout.Token))
        {
            fed.AddRange(Ids(batch));
            if (fed.Count >= count)
            {
                break;
            }
        }

        return fed;
    }

    private static IEnumerable<Guid> Ids(FeedBatch batch) => batch.Events.Select(@event =>
        PurchaseEvent.TryRead(@event, out var purchase, out var reason) ? purchase.Id : throw new InvalidOperationException(reason));

    private long Waiting()
    {
        using var connection = Open(SqliteOpenMode.ReadOnly);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM groups";
        return (long)command.ExecuteScalar()!;
    }

    private SqliteConnection Open(SqliteOpenMode mode)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(_directory, "log.db")};Mode={mode};Pooling=false");
        connection.Open();
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
