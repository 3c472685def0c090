using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ShoppingSystem.Sqlite;

/// <summary>One SQLite file of the data directory: how it is created, brought to the version of this program, checked and opened.</summary>
/// <param name="path">Where it is.</param>
/// <param name="table">A table that it has whatever its version, by which it is told from another's.</param>
/// <param name="migrations">
/// Each brings the file to the next version, in a transaction of its own; the first creates what is in a new one. A list only
/// grows: what is in it has been run on files already.
/// </param>
internal sealed class DatabaseFile(string path, string table, IReadOnlyList<string> migrations)
{
    private const int SqliteCantOpen = 14;

    // In seconds. The client library goes on trying for so long while another process has locked the file.
    private const int LockTimeout = 5;

    public string Path => path;

    /// <summary>Creates the file where it is missing, and brings it to the version of this program where it is older.</summary>
    /// <exception cref="StorageException">The file can't be used; the message names it. It is left as it is.</exception>
    public void Prepare()
    {
        try
        {
            var version = Version();
            RefuseForeign(version);
            if (version > 0 && version < migrations.Count)
            {
                Check();
            }

            if (version < migrations.Count)
            {
                Migrate(version);
            }
        }
        catch (SqliteException e)
        {
            throw Unusable(e);
        }
    }

    /// <summary>The version of the file, as <c>PRAGMA user_version</c> has it.</summary>
    /// <exception cref="StorageException">This program can't use it; the message names it.</exception>
    public long ReadVersion()
    {
        try
        {
            var version = Version();
            RefuseForeign(version);
            return version;
        }
        catch (SqliteException e)
        {
            throw Unusable(e);
        }
    }

    /// <summary>
    /// Reads the whole file: a page that is damaged is found now, and not when a customer asks for it. Takes half a second for
    /// three million purchases, and six when they have to come from the disk.
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

    /// <summary>The same on an open connection, as thoroughly as <paramref name="pragma"/> (<c>integrity_check</c>, <c>quick_check</c>) looks.</summary>
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
    /// Runs <paramref name="use"/> on a connection of its own, which changes nothing. Should it be the last to the file it leaves it whole,
    /// unless <paramref name="use"/> fails: then it leaves it as it is.
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

    /// <summary>A connection for writing: what it commits is on the disk (synced) when the commit returns.</summary>
    public SqliteConnection OpenForWriting()
    {
        var connection = Open(SqliteOpenMode.ReadWrite);
        connection.Execute("PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA journal_size_limit = 67108864");
        return connection;
    }

    /// <summary>A connection for reading, from a pool; it sees what was committed before each of its statements.</summary>
    public SqliteConnection OpenForReading() => Open(SqliteOpenMode.ReadOnly, pooling: true);

    /// <summary>Closes the connections for reading that wait in the pool.</summary>
    public void CloseReaders()
    {
        using var one = NewConnection(SqliteOpenMode.ReadOnly, pooling: true);
        SqliteConnection.ClearPool(one);
    }

    // On a connection that can't write, so that what is damaged stays as it is.
    private long Version()
    {
        using var connection = TryOpenToLook();
        return connection is null ? 0 : (long)connection.Scalar("PRAGMA user_version")!;
    }

    private void RefuseForeign(long version)
    {
        if (version > migrations.Count)
        {
            throw new StorageException($"{path} was written by a later version of this program (schema {version}, known: {migrations.Count}).");
        }

        using var connection = TryOpenToLook();
        if (connection is not null
            && (long)connection.Scalar("SELECT count(*) FROM sqlite_schema")! > 0
            && (version == 0 || (long)connection.Scalar($"SELECT count(*) FROM sqlite_schema WHERE name = '{table}'")! == 0))
        {
            throw new StorageException($"{path} is another database than the one that belongs there: it has no table '{table}' of this program. It was left as it is.");
        }
    }

    private void Migrate(long version)
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

    private StorageException Unusable(SqliteException e) => new($"{path} can't be used: {e.Message} It was left as it is.", e);

    private SqliteConnection? TryOpenToLook()
    {
        try
        {
            return Open(SqliteOpenMode.ReadOnly);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SqliteCantOpen)
        {
            // It is not there yet, or there is a reason that whoever opens it next is told.
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

    /// <summary>Closing it changes nothing at the files, even if it is the last connection to them.</summary>
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
