using Microsoft.Extensions.Logging;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Sqlite;

/// <summary>
/// Everything the embedded edition keeps, in one directory: the log (<c>log.db</c>) and the record
/// (<c>purchases.db</c>). One process at a time.
/// </summary>
public sealed class EmbeddedStorage : IAsyncDisposable
{
    /// <summary>
    /// A record of up to so many bytes (600,000 purchases) is read through before it is used at all, which takes about a
    /// second at most. A larger one is read through while the shop is open: the log takes what is bought, and it is recorded once the
    /// record is known to be sound.
    /// </summary>
    private const long LargestRecordToWaitFor = 64 * 1024 * 1024;

    private readonly FileStream _lock;

    private EmbeddedStorage(FileStream @lock, SqlitePurchaseLog log, SqlitePurchaseFeed feed, RecordDatabase record)
    {
        _lock = @lock;
        Log = log;
        Feed = feed;
        Record = record;
    }

    internal SqlitePurchaseLog Log { get; }

    internal SqlitePurchaseFeed Feed { get; }

    internal RecordDatabase Record { get; }

    /// <summary>Opens <paramref name="directory"/>, creating what is missing.</summary>
    /// <exception cref="StorageException">It can't be used, or another process uses it.</exception>
    public static EmbeddedStorage Open(string directory, PurchaseLogOptions options, ILoggerFactory loggers)
    {
        var @lock = Lock(directory);
        RecordDatabase? record = null;
        try
        {
            var (logFile, recordFile) = (Path.Combine(directory, "log.db"), Path.Combine(directory, "purchases.db"));
            RefuseEmptied(logFile, recordFile);
            var log = new SqlitePurchaseLog(logFile, options, loggers.CreateLogger<SqlitePurchaseLog>());
            record = new RecordDatabase(recordFile);
            log.Start();
            if (new FileInfo(recordFile).Length <= LargestRecordToWaitFor)
            {
                record.Checked.GetAwaiter().GetResult();
            }

            return new EmbeddedStorage(@lock, log, new SqlitePurchaseFeed(log, options), record);
        }
        catch
        {
            record?.Dispose();
            @lock.Dispose();
            throw;
        }
    }

    /// <summary>Makes what was appended durable, and lets another process open the directory.</summary>
    public async ValueTask DisposeAsync()
    {
        await Log.DisposeAsync();
        Record.Dispose();
        await _lock.DisposeAsync();
    }

    // SQLite takes a file of no bytes, or of a single one, for one that is still to be written. Where the other file is there
    // it has been, and what was in it must not be forgotten without a word.
    private static void RefuseEmptied(params string[] files)
    {
        var emptied = Array.Find(files, file => new FileInfo(file) is { Exists: true, Length: <= 1 });
        if (emptied is not null && Array.Exists(files, file => new FileInfo(file) is { Exists: true, Length: > 1 }))
        {
            throw new StorageException($"{emptied} is empty: what it held is gone. Restore it, or delete it to go on without.");
        }
    }

    private static FileStream Lock(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
            return new FileStream(Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StorageException($"The data directory {directory} can't be written to: {e.Message}", e);
        }
        catch (IOException e) when (File.Exists(Path.Combine(directory, "lock")))
        {
            throw new StorageException($"The data directory {directory} is in use by another instance.", e);
        }
        catch (IOException e)
        {
            throw new StorageException($"The data directory {directory} can't be used: {e.Message}", e);
        }
    }
}
