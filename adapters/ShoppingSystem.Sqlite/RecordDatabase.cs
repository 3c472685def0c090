using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace ShoppingSystem.Sqlite;

/// <summary>The file of what is recorded: purchases and dead letters. One writer at a time, readers beside it.</summary>
internal sealed class RecordDatabase : IDisposable
{
    /// <summary>
    /// A user's purchases lie side by side in the order in which a history shows them, so that a page of history is one
    /// stretch of the file, however many purchases there are.
    /// </summary>
    private const string Version1 = """
        CREATE TABLE purchases (
            id        BLOB    NOT NULL UNIQUE,
            userid    TEXT    NOT NULL,
            timestamp INTEGER NOT NULL,  -- microseconds since 1970
            username  TEXT    NOT NULL,
            price     INTEGER NOT NULL,  -- in units of 0.0001
            decimals  INTEGER NOT NULL,  -- how many the price is shown with
            item      TEXT,
            PRIMARY KEY (userid, timestamp DESC, id DESC)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE dead_letters (
            id          BLOB    PRIMARY KEY,
            reason      TEXT    NOT NULL,
            failed_at   INTEGER NOT NULL,
            topic       TEXT    NOT NULL,
            partition   INTEGER NOT NULL,
            position    INTEGER NOT NULL,
            appended_at INTEGER NOT NULL,
            value       BLOB    NOT NULL,
            trace       TEXT
        ) STRICT;
        CREATE TABLE totals (
            only      INTEGER PRIMARY KEY CHECK (only = 0),
            purchases INTEGER NOT NULL
        ) STRICT;
        INSERT INTO totals VALUES (0, 0)
        """;

    // What it has of which log is written with every transaction, so that a file of another time or of another shop is told.
    private const string Version2 = """
        CREATE TABLE recorded (
            only INTEGER PRIMARY KEY CHECK (only = 0),
            log  BLOB    NOT NULL,  -- whose events these are
            next INTEGER NOT NULL   -- offset behind those that had been handed out to be recorded
        ) STRICT;
        CREATE INDEX dead_letters_by_time ON dead_letters (failed_at DESC, id DESC)
        """;

    private static readonly Query Pairing = new("INSERT", "recorded",
        "INSERT INTO recorded VALUES (0, $log, $next) ON CONFLICT (only) DO UPDATE SET log = $log, next = $next");

    /// <summary>Each brings the file to the next version.</summary>
    public static readonly IReadOnlyList<string> Migrations = [Version1, Version2];

    /// <summary>
    /// Users buy in any order, and ids that come from an <c>Idempotency-Key</c> fall anywhere in their index: a full batch
    /// changes more pages than it has rows. The cache (in KiB when negative) holds those that are changed again and again.
    /// When the WAL has so many pages (62 MiB), the writer itself writes back what is left to be, and the WAL begins anew.
    /// </summary>
    private const string Tuning = "PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 16000;";

    /// <summary>
    /// Changed pages are written back from the WAL to the file beside the recording, when so many rows were written and this
    /// pause is over: recording would stand still for as long as it takes to write back many at once.
    /// </summary>
    private const int RowsToWriteBack = 2000;

    private static readonly TimeSpan WriteBackPause = TimeSpan.FromMilliseconds(250);

    private const string RestoreBoth = "Restore both files from the same backup. They were left as they are.";

    private readonly DatabaseFile _file;
    private readonly FileGuard _guard;
    private readonly HeldDatabase _held;
    private readonly string _name;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly CancellationTokenSource _disposing = new();
    private SqliteConnection? _connection;
    private Task _writingBack = Task.CompletedTask;
    private int _rowsSinceWriteBack;
    private Guid? _log;
    private long _handedOut;
    private long _written;

    /// <param name="path">Where it is; it is made when it is missing.</param>
    /// <param name="guard">Looks after all files of the directory; after this one only when null.</param>
    /// <exception cref="StorageException">The file can't be used.</exception>
    public RecordDatabase(string path, FileGuard? guard = null)
    {
        _file = FileAt(path);
        _name = Path.GetFileName(path);
        _guard = guard ?? new FileGuard(NullLogger.Instance);
        _file.Prepare();
        _held = _guard.Hold(_file);
        Checked = Task.Run(() => _file.Check(_disposing.Token));
    }

    /// <summary>The file at <paramref name="path"/> as this program knows it.</summary>
    public static DatabaseFile FileAt(string path) => new(path, "purchases", Migrations);

    /// <summary>
    /// Completes when the file has been read through, which it is from the beginning on; fails with a
    /// <see cref="StorageException"/> when it is damaged. Until then it can be read, and writing waits.
    /// </summary>
    public Task Checked { get; }

    /// <summary>What happened to the files, so that nothing is written to them any more; null while they are in place.</summary>
    public string? Fault => _guard.Fault;

    /// <summary>From now on it is told in this file how much of <paramref name="log"/> is recorded.</summary>
    /// <param name="log">The log as it was opened.</param>
    /// <param name="logPath">Its file.</param>
    /// <param name="isNew">Whether the log has just been made: it begins behind what is recorded.</param>
    /// <returns>False when events are recorded that the log is still to have: it is an older one.</returns>
    /// <exception cref="StorageException">They are of different times, or of different shops, and events are in neither.</exception>
    public bool Pair(LogPosition log, string logPath, bool isNew)
    {
        try
        {
            var isAsNew = isNew || Read(connection => Compare(connection, _file.Path, log, logPath));
            (_log, _handedOut, _written) = (log.Id, log.Committed, log.Committed);
            return isAsNew;
        }
        catch (Exception e) when (e is SqliteException or InvalidOperationException or InvalidCastException or ArgumentException)
        {
            throw new StorageException($"{_file.Path} is damaged: {e.Message} It was left as it is.", e);
        }
    }

    /// <summary>Whether a record has what has left the log; it is for both, in files of this version.</summary>
    /// <returns>False when events are recorded that the log is still to have: it is an older one.</returns>
    /// <exception cref="StorageException">They are of different times, or of different shops, and events are in neither.</exception>
    public static bool Compare(SqliteConnection record, string recordPath, LogPosition log, string logPath)
    {
        using var command = record.Command("""
            SELECT recorded.log, recorded.next, totals.purchases = 0 AND NOT EXISTS (SELECT 1 FROM dead_letters)
            FROM totals LEFT JOIN recorded USING (only)
            """);
        using var row = command.ExecuteReader();
        row.Read();
        if (row.IsDBNull(0))
        {
            // One of version 1 doesn't say how far it is; an empty one is at the beginning.
            return !row.GetBoolean(2) || log.Committed == 0 ? true : throw Older(0);
        }

        if (new Guid(row.GetFieldValue<byte[]>(0), bigEndian: true) != log.Id)
        {
            throw new StorageException($"{recordPath} was recorded from another log than {logPath}. {RestoreBoth}");
        }

        var next = row.GetInt64(1);
        return next >= log.Committed ? next <= log.End : throw Older(next);

        StorageException Older(long next) => new(
            $"{recordPath} is older than {logPath}: {log.Committed - next} events that have left the log, because they were recorded, are not in it. {RestoreBoth}");
    }

    /// <summary>
    /// Makes the copy of a record one of the time of the copy of its log, which was made before it: offsets from
    /// <paramref name="end"/> on are given anew.
    /// </summary>
    public static void Align(SqliteConnection copy, long end)
    {
        using var command = copy.Command("UPDATE recorded SET next = min(next, $end)", ("$end", end));
        command.ExecuteNonQuery();
    }

    /// <summary>Events up to <paramref name="next"/> are going to be recorded.</summary>
    public void HandOut(long next) => Volatile.Write(ref _handedOut, Math.Max(_handedOut, next));

    /// <summary>
    /// Events up to <paramref name="next"/>, which have been handed out, may leave the log: this file says so already when something was recorded since, else
    /// it does now.
    /// </summary>
    public ValueTask ReachAsync(long next, CancellationToken cancellationToken) =>
        Volatile.Read(ref _written) >= next ? default : new ValueTask(WriteAsync(Pairing, 1, _ => true, cancellationToken));

    /// <summary>
    /// Runs <paramref name="write"/>, which executes <paramref name="query"/> <paramref name="count"/> times, in a transaction
    /// that is on the disk when the task completes. Not before the file is known to be sound.
    /// </summary>
    /// <exception cref="StorageException">
    /// The file is damaged, and left as it is; or it is no longer the one that was opened, and what was written may be gone.
    /// </exception>
    public async Task<T> WriteAsync<T>(Query query, int count, Func<SqliteConnection, T> write, CancellationToken cancellationToken)
    {
        await Checked.WaitAsync(cancellationToken);
        using var span = query.StartSpan(_name, count);
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var result = await Task.Run(() => Write(write), cancellationToken);
            _rowsSinceWriteBack += count;
            if (_rowsSinceWriteBack >= RowsToWriteBack && _writingBack.IsCompleted)
            {
                _rowsSinceWriteBack = 0;
                _writingBack = Task.Run(WriteBackAsync, CancellationToken.None);
            }

            return result;
        }
        catch (SqliteException e)
        {
            span.Fail(e);
            throw;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Runs <paramref name="read"/>, which asks <paramref name="query"/>, on a connection of its own.</summary>
    public T Read<T>(Query query, Func<SqliteConnection, T> read)
    {
        using var span = query.StartSpan(_name);
        try
        {
            return Read(read);
        }
        catch (SqliteException e)
        {
            span.Fail(e);
            throw;
        }
    }

    /// <summary>A connection for writing, as <see cref="WriteAsync"/> uses it.</summary>
    public SqliteConnection OpenForWriting()
    {
        var connection = _file.OpenForWriting();
        connection.Execute(Tuning);
        return connection;
    }

    /// <summary>Whether it can be read.</summary>
    /// <exception cref="SqliteException">It can't.</exception>
    public void Probe() => Read(connection => connection.Scalar("SELECT 1"));

    public void Dispose()
    {
        _disposing.Cancel();
        Task.WaitAny(Checked);
        _writingBack.Wait();
        _connection?.Dispose();
        if (Checked.IsFaulted)
        {
            _held.LeaveAlone();
        }

        _guard.Close(_held);
        _gate.Dispose();
        _disposing.Dispose();
    }

    private async Task WriteBackAsync()
    {
        try
        {
            if (_guard.Look())
            {
                using var connection = _file.OpenForWriting();
                connection.Execute("PRAGMA wal_checkpoint(PASSIVE)");
            }
        }
        catch (SqliteException)
        {
            // What is recorded is safe in the WAL. Should that become too much for the disk, recording fails and says so.
        }

        await Task.Delay(WriteBackPause);
    }

    private T Read<T>(Func<SqliteConnection, T> read)
    {
        // A new connection would open whatever stands there now.
        ThrowUnless(_guard.Fault is null);
        using var connection = _file.OpenForReading();
        return read(connection);
    }

    private T Write<T>(Func<SqliteConnection, T> write)
    {
        ThrowUnless(_guard.Look());
        try
        {
            _connection ??= OpenForWriting();
            using (var transaction = _connection.BeginTransaction(deferred: false))
            {
                var result = write(_connection);
                var handedOut = Volatile.Read(ref _handedOut);
                if (_log is { } log)
                {
                    using var pairing = _connection.Command(Pairing.Text, ("$log", log.ToByteArray(bigEndian: true)), ("$next", handedOut));
                    pairing.ExecuteNonQuery();
                }

                transaction.Commit();
                Volatile.Write(ref _written, handedOut);

                // The log forgets what is recorded.
                ThrowUnless(_guard.Look());
                return result;
            }
        }
        catch (SqliteException)
        {
            // Whatever state it is in: the next attempt gets a new one.
            _connection?.Dispose();
            _connection = null;
            throw;
        }
    }

    private void ThrowUnless(bool sound)
    {
        if (!sound)
        {
            throw new StorageException(_guard.Fault!);
        }
    }
}
