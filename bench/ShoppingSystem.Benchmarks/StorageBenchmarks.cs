using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using ShoppingSystem.Purchases;
using ShoppingSystem.Sqlite;

namespace ShoppingSystem.Benchmarks;

/// <summary>
/// The embedded log and record, on the disk of the temporary folder; time and memory of one purchase. Compared with
/// simpler code: a file that is synced after each purchase, and a table with one insert at a time in one transaction.
/// </summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class StorageBenchmarks : IDisposable
{
    private const int Buyers = 100;
    private const int Batch = 1000;

    private readonly string _directory = Directory.CreateTempSubdirectory("shopping-bench-").FullName;
    private EmbeddedStorage _storage = null!;
    private IHost _host = null!;
    private IPurchaseLog _log = null!;
    private IPurchaseStore _store = null!;
    private FileStream _file = null!;
    private SqliteConnection _table = null!;
    private int _users;

    [GlobalSetup]
    public void Open()
    {
        _storage = EmbeddedStorage.Open(_directory, new PurchaseLogOptions { AppendDeadline = TimeSpan.FromMinutes(1) }, NullLoggerFactory.Instance);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddMetrics();
        builder.AddSqlitePurchaseLog(_storage);
        builder.AddSqliteRecord(_storage);
        _host = builder.Build();
        _log = _host.Services.GetRequiredService<IPurchaseLog>();
        _store = _host.Services.GetRequiredService<IPurchaseStore>();
        _file = new FileStream(Path.Combine(_directory, "plain.log"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        _table = new SqliteConnection($"Data Source={Path.Combine(_directory, "plain.db")}");
        _table.Open();
        using var create = _table.CreateCommand();
        create.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE purchases (id BLOB PRIMARY KEY, userid TEXT, username TEXT, price TEXT, item TEXT, timestamp INTEGER)";
        create.ExecuteNonQuery();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _host.Dispose();
        _storage.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _file.Dispose();
        _table.Dispose();
        SqliteConnection.ClearAllPools();
        Directory.Delete(_directory, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Benchmark(Baseline = true), BenchmarkCategory("append")]
    public void WriteAndSync()
    {
        _file.Write("{\"id\":\"0190d5a4-0000-7000-8000-000000000000\",\"username\":\"Ada Lovelace\",\"userid\":\"user-1\",\"price\":12.50,\"item\":\"Coffee mug\",\"timestamp\":1705663200.123456}"u8);
        _file.Flush(flushToDisk: true);
    }

    [Benchmark, BenchmarkCategory("append")]
    public Task AppendAlone() => _log.AppendAsync(Some.Purchase(++_users)).AsTask();

    [Benchmark(OperationsPerInvoke = Buyers), BenchmarkCategory("append")]
    public Task AppendOf100Buyers() => Task.WhenAll(Enumerable.Range(0, Buyers).Select(_ => _log.AppendAsync(Some.Purchase(++_users)).AsTask()));

    [Benchmark(Baseline = true, OperationsPerInvoke = Batch), BenchmarkCategory("record")]
    public void InsertBatch()
    {
        using var transaction = _table.BeginTransaction();
        using var insert = _table.CreateCommand();
        insert.Transaction = transaction;
        insert.CommandText = "INSERT INTO purchases VALUES ($id, $userid, $username, $price, $item, $timestamp)";
        foreach (var purchase in Purchases())
        {
            insert.Parameters.Clear();
            insert.Parameters.AddWithValue("$id", purchase.Id.ToByteArray());
            insert.Parameters.AddWithValue("$userid", purchase.UserId);
            insert.Parameters.AddWithValue("$username", purchase.Username);
            insert.Parameters.AddWithValue("$price", purchase.Price);
            insert.Parameters.AddWithValue("$item", purchase.Item);
            insert.Parameters.AddWithValue("$timestamp", purchase.Timestamp.UtcTicks);
            insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    [Benchmark(OperationsPerInvoke = Batch), BenchmarkCategory("record")]
    public async Task<int> RecordBatch() => (await _store.RecordAsync(Purchases())).Recorded;

    private List<Purchase> Purchases() => [.. Enumerable.Range(0, Batch).Select(i => Some.Purchase(_users++ % 500))];
}
