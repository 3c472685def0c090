using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace ShoppingSystem.Sqlite;

/// <summary>
/// Checks whether the open files are still at the paths where they were opened. Data that is written to a file that was removed, moved,
/// replaced or truncated is gone after the next start, so after the first difference nothing more is acknowledged.
/// </summary>
internal sealed partial class FileGuard(ILogger logger)
{
    /// <summary>How long the result of a check may be relied on.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly List<HeldDatabase> _databases = [];
    private long _lastLook = Stopwatch.GetTimestamp();
    private DateTimeOffset _lastSound = DateTimeOffset.UtcNow;
    private volatile string? _fault;

    /// <summary>The difference that was found, which is never cleared; null when none was found.</summary>
    public string? Fault => _fault;

    public HeldDatabase Hold(DatabaseFile file)
    {
        var database = new HeldDatabase(file);
        lock (_gate)
        {
            _databases.Add(database);
        }

        return database;
    }

    public void Close(HeldDatabase? database)
    {
        if (database is not null)
        {
            lock (_gate)
            {
                _databases.Remove(database);
            }

            database.Dispose();
        }
    }

    /// <summary>Whether all files were in place at the last check, a second ago at most.</summary>
    public bool IsSound() => Stopwatch.GetElapsedTime(Volatile.Read(ref _lastLook)) < Interval ? _fault is null : Look();

    /// <summary>Checks now whether all files are in place.</summary>
    public bool Look()
    {
        lock (_gate)
        {
            if (_fault is not null)
            {
                return false;
            }

            var now = DateTimeOffset.UtcNow;
            var difference = _databases.Select(database => database.FindDifference()).FirstOrDefault(found => found is not null);
            if (difference is null)
            {
                _lastSound = now;
                Volatile.Write(ref _lastLook, Stopwatch.GetTimestamp());
                return true;
            }

            var since = _lastSound.ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            _fault = $"{difference}. Purchases are refused until it is started again; those acknowledged since {since}, about a second at most, may be missing then.";
            LogFault(_fault);
            foreach (var database in _databases)
            {
                database.Leave();
            }

            return false;
        }
    }

    [LoggerMessage(LogLevel.Error, "{Fault}")]
    private partial void LogFault(string fault);
}
