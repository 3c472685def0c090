using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ShoppingSystem.Sqlite;

/// <summary>Copies and checks the files of an embedded shop from outside, whether the shop runs or not.</summary>
public static class ShopFiles
{
    // The suffix of a copy until it is complete.
    private const string Partial = ".partial";

    private const int PagesAtATime = 64;
    private const int SqliteDone = 101;
    private const int SqliteBusy = 5;
    private const int SqliteLocked = 6;
    private static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(20);

    // In the order in which they are copied. Recorded events leave the log: in the reverse order, purchases that are recorded
    // between the two copies would be in neither. In this order they are in both, and recording them again changes nothing.
    private static DatabaseFile[] FilesIn(string directory) =>
    [
        LogSchema.FileAt(Path.Combine(directory, EmbeddedStorage.LogFile)),
        RecordSchema.FileAt(Path.Combine(directory, EmbeddedStorage.RecordFile)),
    ];

    /// <summary>
    /// Copies the shop in <paramref name="directory"/>, which may be open, to <paramref name="target"/>: the copy contains everything that
    /// was acknowledged before the call. The copies get their names when both are complete, read through and on the disk.
    /// </summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="target">A directory with no such files in it; created if it is missing.</param>
    /// <param name="report">Gets the progress, in lines to show.</param>
    /// <param name="cancellationToken">Cancels the copying; no copy is left under its final name.</param>
    /// <exception cref="StorageException">There is nothing to copy, it is damaged, or it can't be copied there; the message says why.</exception>
    public static void BackUp(string directory, string target, Action<string> report, CancellationToken cancellationToken = default)
    {
        var sources = FilesIn(directory);
        Array.ForEach(sources, RefuseMissing);
        var arePaired = ArePaired(sources);

        try
        {
            if (IsSameDirectory(directory, target))
            {
                throw new StorageException($"{target} is the data directory itself; choose another directory for the backup.");
            }

            using var targetLock = DirectoryLock.TakeWithoutFile(target);
            RefuseTaken(target);
            var copies = Array.ConvertAll(sources, source => new DatabaseFile(Path.Combine(target, Path.GetFileName(source.Path) + Partial), "", []));
            foreach (var (source, copy) in sources.Zip(copies))
            {
                RemoveLeftovers(copy.Path);
                Copy(source, copy.Path, Reporting(source), cancellationToken);
                // Before anything else reads it: SQLite's own words for a damaged page don't name the file.
                copy.Use(connection =>
                {
                    copy.Check(connection, "quick_check(1)", cancellationToken);
                    return true;
                });
            }

            if (arePaired)
            {
                Align(log: copies[0], record: copies[1]);
            }

            foreach (var (source, copy) in sources.Zip(copies))
            {
                Finish(copy, Reporting(source));
            }

            // The log first: no shop starts on a log without the record next to it.
            foreach (var (source, copy) in sources.Zip(copies))
            {
                File.Move(copy.Path, Path.Combine(target, Path.GetFileName(source.Path)));
            }

            targetLock.Sync();
        }
        catch (SqliteException e)
        {
            throw new StorageException($"{directory} can't be copied to {target}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"{target} can't be written to: {e.Message}", e);
        }

        Action<string> Reporting(DatabaseFile source) => line => report($"{Path.GetFileName(source.Path)}: {line}");
    }

    /// <summary>Reads all of the files in <paramref name="directory"/>, of a shop or of a backup. They are left as they are.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="report">Gets the findings, in lines to show.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <exception cref="StorageException">A file is missing, damaged, not of this program, or older than the other; the message names it.</exception>
    public static void Check(string directory, Action<string> report, CancellationToken cancellationToken = default)
    {
        var files = FilesIn(directory);
        Array.ForEach(files, RefuseMissing);
        foreach (var file in files)
        {
            var version = file.ReadVersion();
            var what = file.Use(connection =>
            {
                file.Check(connection, "integrity_check(1)", cancellationToken);
                return Path.GetFileName(file.Path) is EmbeddedStorage.LogFile
                    ? $"{connection.Scalar("SELECT coalesce(sum(count), 0) FROM groups")} events that wait to be recorded"
                    : $"{connection.Scalar("SELECT purchases FROM totals")} purchases, {connection.Scalar("SELECT count(*) FROM dead_letters")} dead letters";
            });
            report($"{file.Path}: sound, version {version}, {what}");
        }

        if (ArePaired(files))
        {
            // In this order: the record of a running shop is then ahead of the position read from its log.
            var log = files[0].Use(LogSchema.PositionOf);
            files[1].Use(record => RecordSchema.Compare(record, files[1].Path, log, files[0].Path));
        }
    }

    private static void Copy(DatabaseFile source, string target, Action<string> report, CancellationToken cancellationToken)
    {
        source.Use(from =>
        {
            using var to = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = target, Pooling = false }.ToString());
            to.Open();
            to.Execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");

            // The transaction makes the copy a snapshot: without it the copy would begin again whenever something is written.
            from.Execute("BEGIN");
            from.Scalar("SELECT count(*) FROM sqlite_schema");
            using (var backup = raw.sqlite3_backup_init(to.Handle, "main", from.Handle, "main"))
            {
                Copy(backup, to, report, cancellationToken);
            }

            from.Execute("COMMIT");
            return true;
        });
    }

    private static void Align(DatabaseFile log, DatabaseFile record)
    {
        var end = log.Use(LogSchema.PositionOf).End;
        record.Use(connection =>
        {
            RecordSchema.Align(connection, end);
            return true;
        });
    }

    // From version 2 of both files on, the log has an id, and the record states how much of that log it has.
    private static bool ArePaired(DatabaseFile[] files) => files.Select(file => file.ReadVersion()).Min() >= 2;

    private static void Finish(DatabaseFile copy, Action<string> report)
    {
        using var written = new FileStream(copy.Path, FileMode.Open, FileAccess.ReadWrite);
        written.Flush(flushToDisk: true);
        report($"{written.Length.ToString("N0", CultureInfo.InvariantCulture)} bytes, read through");
    }

    private static void Copy(sqlite3_backup backup, SqliteConnection to, Action<string> report, CancellationToken cancellationToken)
    {
        const int reportEvery = 10;
        var reported = 0;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var result = raw.sqlite3_backup_step(backup, PagesAtATime);
            if (result is SqliteBusy or SqliteLocked)
            {
                Thread.Sleep(BusyPause);
            }
            else if (result is not (raw.SQLITE_OK or SqliteDone))
            {
                throw new SqliteException(raw.sqlite3_errmsg(to.Handle).utf8_to_string(), result);
            }

            var pages = Math.Max(1, raw.sqlite3_backup_pagecount(backup));
            var percent = (int)(100L * (pages - raw.sqlite3_backup_remaining(backup)) / pages);
            for (; reported + reportEvery <= percent; report($"{reported} %"))
            {
                reported += reportEvery;
            }

            if (result is SqliteDone)
            {
                return;
            }
        }
    }

    private static void RefuseMissing(DatabaseFile file)
    {
        if (!File.Exists(file.Path))
        {
            throw new StorageException($"{file.Path} is not there: {Path.GetDirectoryName(file.Path)} does not hold the files of a shop.");
        }
    }

    private static void RefuseTaken(string target)
    {
        if (FilesIn(target).FirstOrDefault(file => Path.Exists(file.Path)) is { } taken)
        {
            throw new StorageException($"{target} holds a backup or a shop already ({Path.GetFileName(taken.Path)}); choose another directory.");
        }
    }

    private static bool IsSameDirectory(string one, string other) => OperatingSystem.IsWindows()
        ? string.Equals(Normal(one), Normal(other), StringComparison.OrdinalIgnoreCase)
        : FileIdentity.At(one) is { } identity && FileIdentity.At(other) is { } second && identity.IsSameFileAs(second);

    private static string Normal(string directory) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));

    private static void RemoveLeftovers(string partial)
    {
        foreach (var suffix in (string[])["", "-wal", "-shm", "-journal"])
        {
            File.Delete(partial + suffix);
        }
    }
}
