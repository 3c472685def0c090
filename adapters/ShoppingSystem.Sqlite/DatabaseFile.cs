using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ShoppingSystem.Sqlite;

/// <summary>One SQLite file of the data directory: how it is created, checked and opened.</summary>
/// <param name="path">Where it is.</param>
/// <param name="schema">Creates what is in it; nothing when it is there already.</param>
internal sealed class DatabaseFile(string path, string schema)
{
    // Kept in the file (PRAGMA user_version), so that a file of a later version is refused rather than misread.
    private const int SchemaVersion = 1;

    private const int SqliteCantOpen = 14;

    // In seconds. The client library goes on trying for so long while another process has locked the file.
    private const int LockTimeout = 5;

    public string Path => path;

    /// <summary>Creates the file where it is missing, and looks whether it is ours where it is not.</summary>
    /// <exception cref="StorageException">The file can't be used; the message names it. It is left as it is.</exception>
    public void Prepare()
    {
        try
        {
            switch (Version())
            {
                case > SchemaVersion and var version:
                    throw new StorageException($"{path} was written by a later version of this program (schema {version}, known: {SchemaVersion}).");
                case < SchemaVersion:
                    Create();
                    break;
            }
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
        const int stepsBetweenLooks = 1000;
        try
        {
            using var connection = Open(SqliteOpenMode.ReadOnly);
            raw.sqlite3_progress_handler(connection.Handle, stepsBetweenLooks, _ => cancellationToken.IsCancellationRequested ? 1 : 0, null);
            if (connection.Scalar("PRAGMA quick_check(1)") is string complaint and not "ok")
            {
                throw new StorageException($"{path} is damaged: {complaint.ReplaceLineEndings(" ")}. It was left as it is.");
            }
        }
        catch (SqliteException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (SqliteException e)
        {
            throw Unusable(e);
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

    // On a connection that can't write, so that what is damaged stays as it is.
    private long Version()
    {
        using var connection = TryOpenToLook();
        return connection is null ? 0 : (long)connection.Scalar("PRAGMA user_version")!;
    }

    private void Create()
    {
        using var connection = Open(SqliteOpenMode.ReadWriteCreate);
        connection.Execute("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
        connection.Execute($"BEGIN IMMEDIATE; {schema}; PRAGMA user_version = {SchemaVersion}; COMMIT");
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

    private SqliteConnection Open(SqliteOpenMode mode, bool pooling = false)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = pooling,
            DefaultTimeout = LockTimeout,
        }.ToString());
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
