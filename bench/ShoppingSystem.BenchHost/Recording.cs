using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using ShoppingSystem.Ledger;
using ShoppingSystem.Purchases;
using ShoppingSystem.Sqlite;
using SQLitePCL;

/// <summary>
/// How fast the recorder works off a log, and how fast SQLite takes the same rows with nothing around it.
///   --recording fill --data DIRECTORY --count 500000 --users 10000: puts events into the log of a new data directory
///   --recording recorder|raw --data DIRECTORY --warmup DIRECTORY --batch 1000: works off both logs, the one for warming up
///   first; prints events/s and CPU microseconds an event. Raw leaves the log as it is, and writes a file beside it.
/// </summary>
internal static class Recording
{
    // As many as a busy web server has under way at a time.
    private const int Appends = 256;

    public static async Task<int> RunAsync(IConfiguration arguments)
    {
        var options = new PurchaseLogOptions();
        options.BatchSize = arguments.GetValue("batch", options.BatchSize);
        var data = arguments["data"]!;
        Func<string, PurchaseLogOptions, Task<Figures>> measure;
        switch (arguments["recording"])
        {
            case "fill":
                await FillAsync(data, options, arguments.GetValue("count", 500_000), arguments.GetValue("users", 10_000));
                return 0;
            case "recorder":
                measure = RecordAsync;
                break;
            case "raw":
                measure = InsertAsync;
                break;
            case var other:
                Console.Error.WriteLine($"--recording fill, recorder or raw, not '{other}'.");
                return 2;
        }

        await measure(arguments["warmup"]!, options);
        GC.Collect();
        var figures = await measure(data, options);
        Console.WriteLine(FormattableString.Invariant(
            $"{figures.Events / figures.Time.TotalSeconds:F0} {figures.Cpu.TotalMicroseconds / figures.Events:F1}"));
        return 0;
    }

    private static async Task FillAsync(string data, PurchaseLogOptions options, int count, int users)
    {
        await using var opened = Open(data, options);
        var log = opened.Host.Services.GetRequiredService<IPurchaseLog>();
        var random = new Random(1);
        var appends = new Queue<Task>(Appends);
        for (var i = 0; i < count; i++)
        {
            if (appends.Count == Appends)
            {
                await appends.Dequeue();
            }

            var now = DateTimeOffset.UtcNow.ToWholeMicroseconds();
            var purchase = new Purchase(PurchaseId.New(now), $"user-{random.Next(users)}", "Ada", 1 + i % 9000 / 100m, "tea", now);
            appends.Enqueue(log.AppendAsync(purchase).AsTask());
        }

        await Task.WhenAll(appends);
    }

    /// <summary>The recorder as the hosts run it, from its start until its last commit.</summary>
    private static async Task<Figures> RecordAsync(string data, PurchaseLogOptions options)
    {
        await using var opened = Open(data, options);
        var feed = opened.Host.Services.GetRequiredService<IPurchaseFeed>();
        var events = feed.Lag.Sum(partition => partition.Lag);
        var watch = Watch.Start();
        await opened.Host.StartAsync();
        while (feed.Lag.Any(partition => partition.Lag > 0))
        {
            await Task.Delay(5);
        }

        var figures = watch.Stop(events);
        await opened.Host.StopAsync();
        Expect(events, await opened.Host.Services.GetRequiredService<IPurchaseStore>().CountAsync());
        return figures;
    }

    /// <summary>
    /// One prepared statement on SQLite's own interface, with as many rows in a transaction as the recorder takes at most; same
    /// table, index and pragmas.
    /// </summary>
    private static async Task<Figures> InsertAsync(string data, PurchaseLogOptions options)
    {
        var purchases = await ReadAsync(data, options);
        using var record = new RecordDatabase(Path.Combine(data, "raw.db"));
        await using var connection = record.OpenForWriting();
        var watch = Watch.Start();
        Insert(connection.Handle!, purchases, options.BatchSize);
        var figures = watch.Stop(purchases.Count);
        Expect(purchases.Count, (long)connection.Scalar("SELECT count(*) FROM purchases")!);
        return figures;
    }

    private static void Insert(sqlite3 database, List<Purchase> purchases, int batch)
    {
        Check(database, raw.sqlite3_prepare_v2(
            database,
            "INSERT INTO purchases (id, userid, timestamp, username, price, decimals, item) VALUES (?, ?, ?, ?, ?, ?, ?)",
            out var insert));
        using (insert)
        {
            Span<byte> id = stackalloc byte[16];
            for (var first = 0; first < purchases.Count; first += batch)
            {
                Check(database, raw.sqlite3_exec(database, "BEGIN IMMEDIATE"));
                for (var i = first; i < Math.Min(first + batch, purchases.Count); i++)
                {
                    var purchase = purchases[i];
                    purchase.Id.TryWriteBytes(id, bigEndian: true, out _);
                    raw.sqlite3_bind_blob(insert, 1, id);
                    raw.sqlite3_bind_text(insert, 2, purchase.UserId);
                    raw.sqlite3_bind_int64(insert, 3, purchase.Timestamp.ToUnixMicroseconds());
                    raw.sqlite3_bind_text(insert, 4, purchase.Username);
                    raw.sqlite3_bind_int64(insert, 5, (long)(purchase.Price * 10_000));
                    raw.sqlite3_bind_int64(insert, 6, purchase.Price.Scale);
                    raw.sqlite3_bind_text(insert, 7, purchase.Item);
                    Check(database, raw.sqlite3_step(insert));
                    raw.sqlite3_reset(insert);
                }

                Check(database, raw.sqlite3_exec(database, "COMMIT"));
            }
        }
    }

    private static async Task<List<Purchase>> ReadAsync(string data, PurchaseLogOptions options)
    {
        await using var opened = Open(data, options);
        var feed = opened.Host.Services.GetRequiredService<IPurchaseFeed>();
        var left = feed.Lag.Sum(partition => partition.Lag);
        var purchases = new List<Purchase>((int)left);
        await foreach (var batch in feed.ReadAsync())
        {
            foreach (var @event in batch.Events)
            {
                purchases.Add(PurchaseEvent.TryRead(@event, out var purchase, out var reason) ? purchase : throw new InvalidDataException(reason));
            }

            if (purchases.Count == left)
            {
                break;
            }
        }

        return purchases;
    }

    private static Opened Open(string data, PurchaseLogOptions options)
    {
        var storage = EmbeddedStorage.Open(data, options, NullLoggerFactory.Instance);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddMetrics();
        builder.AddSqlitePurchaseLog(storage);
        builder.AddSqliteRecord(storage);
        builder.AddLedger();
        return new Opened(builder.Build(), storage);
    }

    private static void Check(sqlite3 database, int result)
    {
        if (result is not (raw.SQLITE_OK or raw.SQLITE_DONE))
        {
            throw new SqliteException(raw.sqlite3_errmsg(database).utf8_to_string(), result);
        }
    }

    private static void Expect(long events, long recorded)
    {
        if (recorded != events)
        {
            throw new InvalidDataException($"{events} events, but {recorded} recorded.");
        }
    }

    private sealed record Figures(long Events, TimeSpan Time, TimeSpan Cpu);

    private readonly record struct Watch(long Started, TimeSpan Cpu)
    {
        public static Watch Start() => new(Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);

        public Figures Stop(long events) => new(events, Stopwatch.GetElapsedTime(Started), Environment.CpuUsage.TotalTime - Cpu);
    }

    private sealed record Opened(IHost Host, EmbeddedStorage Storage) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            Host.Dispose();
            await Storage.DisposeAsync();
        }
    }
}
