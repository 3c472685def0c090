using Microsoft.Data.Sqlite;

namespace ShoppingSystem.Sqlite;

/// <summary>The tables of the log's file.</summary>
internal static class LogSchema
{
    /// <summary>The offset after the last event; 0 without one.</summary>
    public const string LastEnd = "SELECT coalesce(max(first + count), 0) FROM groups";

    private const string Version1 = """
        CREATE TABLE groups (
            first       INTEGER PRIMARY KEY,   -- offset of the first event
            count       INTEGER NOT NULL,
            appended_at INTEGER NOT NULL,      -- microseconds since 1970
            events      BLOB    NOT NULL,      -- JSON, one event a line
            traces      TEXT                   -- traceparents, one a line; null when there is none
        ) STRICT;
        CREATE TABLE position (
            only INTEGER PRIMARY KEY CHECK (only = 0),
            next INTEGER NOT NULL              -- offset of the first event that is not recorded yet
        ) STRICT;
        INSERT INTO position VALUES (0, 0)
        """;

    // The log's id: logs that were created at different times, or by different shops, have different ids.
    private const string Version2 = """
        ALTER TABLE position ADD COLUMN log BLOB;
        UPDATE position SET log = randomblob(16)
        """;

    /// <summary>Each brings the file to the next version.</summary>
    public static readonly IReadOnlyList<string> Migrations = [Version1, Version2];

    /// <summary>The file at <paramref name="path"/>, with the schema of this program.</summary>
    public static DatabaseFile FileAt(string path) => new(path, "groups", Migrations);

    /// <summary>The id and the position of a log file of this version.</summary>
    public static LogPosition PositionOf(SqliteConnection log)
    {
        using var command = log.Command("SELECT log, next FROM position");
        using var row = command.ExecuteReader();
        row.Read();
        var committed = row.GetInt64(1);
        return new LogPosition(new Guid(row.GetFieldValue<byte[]>(0), bigEndian: true), committed, Math.Max(committed, (long)log.Scalar(LastEnd)!));
    }
}

/// <param name="Id">The log's id: logs that were created at different times, or by different shops, have different ids.</param>
/// <param name="Committed">The offset of the first event that is not recorded yet.</param>
/// <param name="End">The offset that the next event gets.</param>
internal sealed record LogPosition(Guid Id, long Committed, long End);
