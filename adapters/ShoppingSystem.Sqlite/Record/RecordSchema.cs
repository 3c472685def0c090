using Microsoft.Data.Sqlite;

namespace ShoppingSystem.Sqlite;

/// <summary>The tables of the record's file, and how it belongs to a log.</summary>
internal static class RecordSchema
{
    /// <summary>
    /// A user's purchases are stored next to each other in the order of the history, so that a page of history is one
    /// range of the file, however many purchases there are.
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

    // Every transaction also writes which log this file belongs to and how much of it is recorded, so that a file from another time or
    // of another shop is recognised.
    private const string Version2 = """
        CREATE TABLE recorded (
            only INTEGER PRIMARY KEY CHECK (only = 0),
            log  BLOB    NOT NULL,  -- whose events these are
            next INTEGER NOT NULL   -- offset behind those that had been handed out to be recorded
        ) STRICT;
        CREATE INDEX dead_letters_by_time ON dead_letters (failed_at DESC, id DESC)
        """;

    /// <summary>Each brings the file to the next version.</summary>
    public static readonly IReadOnlyList<string> Migrations = [Version1, Version2];

    private const string RestoreBoth = "Restore both files from the same backup. They were left as they are.";

    /// <summary>The file at <paramref name="path"/>, with the schema of this program.</summary>
    public static DatabaseFile FileAt(string path) => new(path, "purchases", Migrations);

    /// <summary>Checks that a record has all events that have left the log. Both are files of this version.</summary>
    /// <returns>False when events are recorded that the log does not have yet: the log is an older one.</returns>
    /// <exception cref="StorageException">They are from different times, or of different shops, and some events are in neither.</exception>
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
            // A file of version 1 doesn't say how much is recorded; an empty one is at the beginning.
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
    /// Adjusts the copy of a record to the copy of its log, which was made before it: offsets from
    /// <paramref name="end"/> on will be assigned again.
    /// </summary>
    public static void Align(SqliteConnection copy, long end)
    {
        using var command = copy.Command("UPDATE recorded SET next = min(next, $end)", ("$end", end));
        command.ExecuteNonQuery();
    }
}
