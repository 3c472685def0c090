using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ShoppingSystem.Sqlite;

/// <summary>One SQLite file of the data directory: creates it, migrates it to the version of this program, checks and opens it.</summary>
/// <param name="path">Where it is.</param>
/// <param name="table">A table that it has in every version, which distinguishes it from another program's file.</param>
/// <param name="migrations">
/// Each brings the file to the next version, in a transaction of its own; the first creates the contents of a new file. Only append to
/// the list: its entries have already been run on existing files.
/// </param>
internal sealed class DatabaseFile(string path, string table, IReadOnlyList<string> migrations)
{
    private const int SqliteCantOpen = 14;

    // In seconds. The client library retries for this long while another process has locked the file.
    private const int LockTimeout = 5;

    public string Path => path;

    /// <summary>Creates the file if it is missing, and migrates it to the version of this program if it is older.</summary>
    /// <exception cref="StorageException">The file can't be used; the message names it. It is left as it is.</exception>
    public void Prepare()
    {
        var version = ReadVersion();
        if (version > 0 && version < migrations.Count)
        {
            Check();
        }

        if (version < migrations.Count)
        {
            Migrate(version);
        }
    }

    /// <summary>The version of the file, as <c>PRAGMA user_version</c> has it; 0 when there is none.</summary>
    /// <exception cref="StorageException">This program can't use it; the message names it.</exception>
    public long ReadVersion()
    {
        try
        {
            // Read-only, so that a damaged file stays as it is.
            using var connection = TryOpenToLook();
            var version = connection is null ? 0 : (long)connection.Scalar("PRAGMA user_version")!;
            if (version > migrations.Count)
            {
                throw new StorageException($"{path} was written by a later version of this program (schema {version}, known: {migrations.Count}).");
            }

            return connection is null || IsOurs(connection, version)
                ? version
                : throw new StorageException($"{path} is another database than the one that belongs there: it has no table '{table}' of this program. It was left as it is.");
        }
        catch (SqliteException e)
        {
            throw Unusable(e);
        }
    }

    /// <summary>
    /// Reads the whole file, so that a damaged page is found now and not when a customer asks for it. Takes half a second for
    /// three million purchases, and six when they have to be read from the disk.
    /// </summary>
    /// <exception cref="StorageException">The file is damaged; the message names it. It is left as it is.</exception>
    public void Check(CancellationToken cancellationToken = default)
    {
        try
        {
            using var connection = Open(SqliteOpenMode.ReadOnly);
            Check(connection, "quick_check(1)", cancellationToken);
        }
        catch (SqliteException e)
        {
            throw Unusable(e);
        }
    }

    /// <summary>
    /// The same on an open connection; <paramref name="pragma"/> (<c>integrity_check</c>, <c>quick_check</c>) decides how thoroughly.
    /// </summary>
    /// <exception cref="StorageException">The file is damaged; the message names it.</exception>
    public void Check(SqliteConnection connection, string pragma, CancellationToken cancellationToken)
    {
        const int stepsBetweenLooks = 1000;
        try
        {
            raw.sqlite3_progress_handler(connection.Handle, stepsBetweenLooks, _ => cancellationToken.IsCancellationRequested ? 1 : 0, null);
            if (connection.Scalar($"PRAGMA {pragma}") is string complaint and not "ok")
            {
                throw new StorageException($"{path} is damaged: {complaint.ReplaceLineEndings(" ")}. It was left as it is.");
            }
        }
        catch (SqliteException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    /// <summary>
    /// Runs <paramref name="use"/> on a separate connection, which changes nothing. If it is the last connection to the file, closing it
    /// leaves the file whole; if <paramref name="use"/> fails, the file is left as it is.
    /// </summary>
    public T Use<T>(Func<SqliteConnection, T> use)
    {
        using var connection = Open(SqliteOpenMode.ReadWrite);
        try
        {
            return use(connection);
        }
        catch
        {
            connection.LeaveAlone();
            throw;
        }
    }

    /// <summary>A connection for writing: when a commit returns, its data is on the disk (synced).</summary>
    public SqliteConnection OpenForWriting()
    {
        var connection = Open(SqliteOpenMode.ReadWrite);
        connection.Execute("PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA journal_size_limit = 67108864");
        return connection;
    }

    /// <summary>A connection for reading, from a pool; each of its statements sees everything that was committed before.</summary>
    public SqliteConnection OpenForReading() => Open(SqliteOpenMode.ReadOnly, pooling: true);

    /// <summary>Closes the pooled connections for reading.</summary>
    public void CloseReaders()
    {
        using var one = NewConnection(SqliteOpenMode.ReadOnly, pooling: true);
        SqliteConnection.ClearPool(one);
    }

    // A file without any table is a new one.
    private bool IsOurs(SqliteConnection connection, long version) =>
        (long)connection.Scalar("SELECT count(*) FROM sqlite_schema")! == 0
        || (version > 0 && (long)connection.Scalar($"SELECT count(*) FROM sqlite_schema WHERE name = '{table}'")! > 0);

    private void Migrate(long version)
    {
        try
        {
            using var connection = Open(SqliteOpenMode.ReadWriteCreate);
            if (version == 0)
            {
                connection.Execute("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
            }

            connection.Execute("PRAGMA synchronous = FULL");
            for (var next = (int)version; next < migrations.Count; next++)
            {
                connection.Execute($"BEGIN IMMEDIATE; {migrations[next]}; PRAGMA user_version = {next + 1}; COMMIT");
            }
        }
        catch (SqliteException e)
        {
            throw Unusable(e);
        }
    }

    private StorageException Unusable(SqliteException e) => new($"{path} can't be used: {e.Message} It was left as it is.", e);

    private SqliteConnection? TryOpenToLook()
    {
        try
        {
            return Open(SqliteOpenMode.ReadOnly);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SqliteCantOpen)
        {
            // The file doesn't exist yet, or it can't be read for a reason that the next open reports.
            return null;
        }
    }

    private SqliteConnection NewConnection(SqliteOpenMode mode, bool pooling) => new(new SqliteConnectionStringBuilder
    {
        DataSource = path,
        Mode = mode,
        Pooling = pooling,
        DefaultTimeout = LockTimeout,
    }.ToString());

    private SqliteConnection Open(SqliteOpenMode mode, bool pooling = false)
    {
        var connection = NewConnection(mode, pooling);
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}

/// <summary>The data directory can't be used; the message says which file and why.</summary>
public sealed class StorageException : Exception
{
    /// <summary>The directory can't be used for the reason given.</summary>
    public StorageException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}

internal static class SqliteConnectionExtensions
{
    private const int NoCheckpointOnClose = 1006; // SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE

    /// <summary>Closing the connection does not change the files, even if it is the last one to them.</summary>
    public static void LeaveAlone(this SqliteConnection connection) =>
        raw.sqlite3_db_config(connection.Handle, NoCheckpointOnClose, 1, out _);

    public static void Execute(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public static object? Scalar(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    public static SqliteCommand Command(this SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        return command;
    }
}
