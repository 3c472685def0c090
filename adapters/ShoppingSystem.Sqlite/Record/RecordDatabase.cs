using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using SQLitePCL;

namespace ShoppingSystem.Sqlite;

/// <summary>The file of the record: purchases and dead letters. One writer at a time, and readers at the same time.</summary>
internal sealed class RecordDatabase : IDisposable
{
    private static readonly Query Pairing = new("INSERT", "recorded",
        "INSERT INTO recorded VALUES (0, $log, $next) ON CONFLICT (only) DO UPDATE SET log = $log, next = $next");

    /// <summary>
    /// Users buy in any order, and ids that are derived from an <c>Idempotency-Key</c> are spread over the whole index: a full batch
    /// changes more pages than it has rows. The cache (in KiB when negative) holds the pages that are changed often.
    /// When the WAL has this many pages (62 MiB), the writer itself writes back the remaining ones, and the WAL begins anew.
    /// </summary>
    private const string Tuning = "PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 16000;";

    /// <summary>
    /// Changed pages are written back from the WAL to the file in parallel with recording, when this many rows were
    /// written and the pause below is over: otherwise recording would stop for as long as it takes to write back many pages at once.
    /// </summary>
    private const int RowsToWriteBack = 2000;

    private static readonly TimeSpan WriteBackPause = TimeSpan.FromMilliseconds(250);

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

    /// <param name="path">Where it is; it is created if it is missing.</param>
    /// <param name="guard">Checks all files of the directory; null to check this file only.</param>
    /// <exception cref="StorageException">The file can't be used.</exception>
    public RecordDatabase(string path, FileGuard? guard = null)
    {
        _file = RecordSchema.FileAt(path);
        _name = Path.GetFileName(path);
        _guard = guard ?? new FileGuard(NullLogger.Instance);
        _file.Prepare();
        _held = _guard.Hold(_file);
        Checked = Task.Run(() => _file.Check(_disposing.Token));
    }

    /// <summary>
    /// Completes when the whole file has been read, which begins with the constructor; fails with a
    /// <see cref="StorageException"/> when it is damaged. Until then the file can be read, and writes wait.
    /// </summary>
    public Task Checked { get; }

    /// <summary>Why nothing is written to the files any more; null while they are in place.</summary>
    public string? Fault => _guard.Fault;

    /// <summary>Makes this file state from now on how much of <paramref name="log"/> is recorded.</summary>
    /// <param name="log">The log as it was opened.</param>
    /// <param name="logPath">Its file.</param>
    /// <param name="isNew">Whether the log has just been created: it begins after the recorded events.</param>
    /// <returns>False when events are recorded that the log does not have yet: the log is an older one.</returns>
    /// <exception cref="StorageException">They are from different times, or of different shops, and some events are in neither.</exception>
    public bool Pair(LogPosition log, string logPath, bool isNew)
    {
        try
        {
            var isAsNew = isNew || Read(connection => RecordSchema.Compare(connection, _file.Path, log, logPath));
            (_log, _handedOut, _written) = (log.Id, log.Committed, log.Committed);
            return isAsNew;
        }
        catch (Exception e) when (e is SqliteException or InvalidOperationException or InvalidCastException or ArgumentException)
        {
            throw new StorageException($"{_file.Path} is damaged: {e.Message} It was left as it is.", e);
        }
    }

    /// <summary>Events up to <paramref name="next"/> are going to be recorded.</summary>
    public void HandOut(long next) => Volatile.Write(ref _handedOut, Math.Max(_handedOut, next));

    /// <summary>
    /// Lets events up to <paramref name="next"/>, which have been handed out, leave the log. If something was recorded since, this file
    /// already states that; otherwise it is written now.
    /// </summary>
    public ValueTask ReachAsync(long next, CancellationToken cancellationToken) =>
        Volatile.Read(ref _written) >= next ? default : new ValueTask(WriteAsync(Pairing, 1, _ => true, cancellationToken));

    /// <summary>
    /// Runs <paramref name="write"/>, which executes <paramref name="query"/> <paramref name="count"/> times, in a transaction
    /// that is on the disk when the task completes. Waits until the file is known to be sound.
    /// </summary>
    /// <exception cref="StorageException">
    /// The file is damaged, and left as it is; or it is no longer the file that was opened, and the written data may be gone.
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

    /// <summary>Runs <paramref name="read"/>, which executes <paramref name="query"/>, on a separate connection.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled; SQLite stops in the middle of a statement.</exception>
    public T Read<T>(Query query, Func<SqliteConnection, T> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var span = query.StartSpan(_name);
        try
        {
            return Read(connection =>
            {
                using var interrupting = cancellationToken.Register(() => raw.sqlite3_interrupt(connection.Handle));
                return read(connection);
            });
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_INTERRUPT && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
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
            // Recorded data is safe in the WAL. If the WAL grows too large for the disk, recording fails with an error.
        }

        await Task.Delay(WriteBackPause);
    }

    private T Read<T>(Func<SqliteConnection, T> read)
    {
        // A new connection would open whatever file is at the path now.
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

                // What is recorded is removed from the log, so the file must still be in place.
                ThrowUnless(_guard.Look());
                return result;
            }
        }
        catch (SqliteException)
        {
            // Its state is unknown: the next attempt gets a new connection.
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
