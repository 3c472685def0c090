using Microsoft.Extensions.Logging;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Sqlite;

/// <summary>
/// All data of the embedded edition, in one directory: the log (<c>log.db</c>) and the record
/// (<c>purchases.db</c>). One process at a time.
/// </summary>
public sealed partial class EmbeddedStorage : IAsyncDisposable
{
    /// <summary>
    /// A record of up to this many bytes (600,000 purchases) is read through before it is used at all, which takes about a
    /// second at most. A larger one is read through while the shop is open: the log accepts purchases, and they are recorded once
    /// the record is known to be sound.
    /// </summary>
    private const long LargestRecordToWaitFor = 64 * 1024 * 1024;

    /// <summary>The file of the log in the data directory.</summary>
    internal const string LogFile = "log.db";

    /// <summary>The file of the record in the data directory.</summary>
    internal const string RecordFile = "purchases.db";

    private readonly DirectoryLock _lock;

    private EmbeddedStorage(DirectoryLock @lock, SqlitePurchaseLog log, SqlitePurchaseFeed feed, RecordDatabase record)
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
        var @lock = DirectoryLock.Take(directory);
        SqlitePurchaseLog? log = null;
        RecordDatabase? record = null;
        try
        {
            var (logFile, recordFile) = (Path.Combine(directory, LogFile), Path.Combine(directory, RecordFile));
            RefuseEmptied(logFile, recordFile);
            var logger = loggers.CreateLogger<EmbeddedStorage>();
            var (hasLog, hasRecord) = (File.Exists(logFile), File.Exists(recordFile));
            var guard = new FileGuard(logger);
            log = new SqlitePurchaseLog(logFile, options, guard, loggers.CreateLogger<SqlitePurchaseLog>());
            log.Start();
            if (!hasRecord && log.Committed > 0)
            {
                throw new StorageException(
                    $"{recordFile} is gone, in which {log.Committed} events of {logFile} are recorded. Restore it, or move all files away to begin with nothing.");
            }

            if (hasRecord && !hasLog)
            {
                LogNewLog(logger, logFile, recordFile);
            }

            record = new RecordDatabase(recordFile, guard);
            if (new FileInfo(recordFile).Length <= LargestRecordToWaitFor)
            {
                record.Checked.GetAwaiter().GetResult();
            }

            if (!record.Pair(log.Opened, logFile, isNew: !hasLog))
            {
                LogOlderLog(logger, logFile, recordFile);
            }

            return new EmbeddedStorage(@lock, log, new SqlitePurchaseFeed(log, record, options, guard), record);
        }
        catch
        {
            log?.DisposeAsync().AsTask().GetAwaiter().GetResult();
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
        _lock.Dispose();
    }

    // SQLite treats a file of zero bytes or of one byte as a new file. If the other file exists, this one did, too, and the loss of
    // its contents must not go unnoticed.
    private static void RefuseEmptied(params string[] files)
    {
        var emptied = Array.Find(files, file => new FileInfo(file) is { Exists: true, Length: <= 1 });
        if (emptied is not null && Array.Exists(files, file => new FileInfo(file) is { Exists: true, Length: > 1 }))
        {
            throw new StorageException($"{emptied} is empty: what it held is gone. Restore it.");
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Log} was missing, and a new one was created. Purchases that were in it and not yet in {Record} are lost.")]
    private static partial void LogNewLog(ILogger logger, string log, string record);

    [LoggerMessage(LogLevel.Warning, "{Log} is older than {Record}. Purchases that were in the log it replaced, and not yet in {Record}, are lost.")]
    private static partial void LogOlderLog(ILogger logger, string log, string record);
}
