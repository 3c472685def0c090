using Microsoft.Data.Sqlite;
using ShoppingSystem.Purchases;
using SQLitePCL;

namespace ShoppingSystem.Sqlite;

/// <summary>The writer's connection with its statements.</summary>
internal sealed class LogConnection : IDisposable
{
    private const int PagesToShrinkAt = 4096;

    private readonly HeldDatabase _held;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _append;
    private readonly SqliteCommand _trim;

    public LogConnection(DatabaseFile file, HeldDatabase held)
    {
        _held = held;
        _connection = file.OpenForWriting();
        _begin = _connection.Command("BEGIN IMMEDIATE");
        _commit = _connection.Command("COMMIT");
        _append = _connection.Command(
            "INSERT INTO groups VALUES ($first, $count, $at, $events, $traces)",
            ("$first", 0L), ("$count", 0), ("$at", 0L), ("$events", Array.Empty<byte>()), ("$traces", null));
        _trim = _connection.Command(
            "DELETE FROM groups WHERE first < $next AND first + count <= $next; UPDATE position SET next = $next", ("$next", 0L));
    }

    /// <summary>The offset after the last event in the file; 0 without one. Called by the writer: nothing else appends.</summary>
    public long End()
    {
        _begin.ExecuteNonQuery();
        var end = (long)_connection.Scalar(LogSchema.LastEnd)!;
        _commit.ExecuteNonQuery();
        return end;
    }

    /// <summary>One transaction, on the disk when the call returns.</summary>
    public void Write(AppendGroup? group, long first, long? trimTo)
    {
        _begin.ExecuteNonQuery();
        if (group is not null)
        {
            _append.Parameters[0].Value = first;
            _append.Parameters[1].Value = group.Count;
            _append.Parameters[2].Value = DateTimeOffset.UtcNow.ToUnixMicroseconds();
            _append.Parameters[3].Value = group.Events.WrittenSpan.ToArray();
            _append.Parameters[4].Value = (object?)group.Traces ?? DBNull.Value;
            _append.ExecuteNonQuery();
        }

        if (trimTo is { } next)
        {
            _trim.Parameters[0].Value = next;
            _trim.ExecuteNonQuery();
        }

        _commit.ExecuteNonQuery();
        if (group is null && (long)_connection.Scalar("PRAGMA freelist_count")! > PagesToShrinkAt)
        {
            _held.Shrink(_connection, GiveBackRoom);
        }
    }

    public void Dispose()
    {
        _begin.Dispose();
        _commit.Dispose();
        _append.Dispose();
        _trim.Dispose();
        _connection.Dispose();
    }

    // Each step gives back one page, and each command makes only one step.
    private void GiveBackRoom()
    {
        if (raw.sqlite3_exec(_connection.Handle, "PRAGMA incremental_vacuum") is not raw.SQLITE_OK and var error)
        {
            throw new SqliteException(raw.sqlite3_errmsg(_connection.Handle).utf8_to_string(), error);
        }
    }
}
