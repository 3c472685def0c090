using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;

namespace ShoppingSystem.Sqlite;

/// <summary>
/// An open database: this connection stays open as long as the database is used, so that SQLite keeps using the same three files (the
/// database, <c>-wal</c> and <c>-shm</c>). It is closed last, which leaves one complete database file.
/// </summary>
internal sealed class HeldDatabase : IDisposable
{
    // Of the header of the WAL's index, https://sqlite.org/walformat.html#the_wal_index_header
    private const int IndexHeader = 48;
    private const int PageSizeInIndex = 14;
    private const int FramesInIndex = 16;
    private const int WalHeader = 32;
    private const int FrameHeader = 24;

    // The writer may restart the WAL between the read of its index and the read of its length.
    private const int LooksAtWal = 5;

    private readonly DatabaseFile _file;
    private readonly SqliteConnection _connection;
    private readonly SafeFileHandle _index;
    private readonly (string Path, FileIdentity Opened)[] _standing;
    private readonly Lock _gate = new();
    private long _leastLength;
    private bool _shrinking;
    private bool _leaveAlone;

    /// <exception cref="StorageException">The file can't be used.</exception>
    public HeldDatabase(DatabaseFile file)
    {
        _file = file;
        _connection = file.OpenForWriting();
        try
        {
            // Opens the WAL and its index.
            _connection.Scalar("SELECT count(*) FROM sqlite_schema");

            // Both are beside the database itself, even if the path is a link to it.
            var resolved = (string)_connection.Scalar("SELECT file FROM pragma_database_list WHERE name = 'main'")!;
            _standing = [.. new[] { file.Path, resolved + "-wal", resolved + "-shm" }.Select(path => (path, Opened(path)))];

            // Must stay open until the connections are closed: on Unix, closing it would release their locks.
            _index = File.OpenHandle(resolved + "-shm", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

            var length = _standing[0].Opened.Length;
            _leastLength = Math.Min(length, PagesInUse());
            _shrinking = _leastLength < length;
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    /// <summary>How the files at the paths differ from those that were opened; null when they don't.</summary>
    public string? FindDifference()
    {
        lock (_gate)
        {
            try
            {
                foreach (var (path, opened) in _standing)
                {
                    if (FileIdentity.At(path) is not { } now)
                    {
                        return $"{path} is gone";
                    }

                    if (!now.IsSameFileAs(opened))
                    {
                        return $"{path} is not the file that was opened";
                    }
                }

                return FindShrinking();
            }
            catch (Exception e) when (e is StorageException or IOException)
            {
                return e.Message.TrimEnd('.');
            }
        }
    }

    /// <summary>Runs <paramref name="shrink"/>, after which the file may be shorter than before.</summary>
    public void Shrink(SqliteConnection connection, Action shrink)
    {
        lock (_gate)
        {
            (_leastLength, _shrinking) = (0, true);
        }

        shrink();

        // The file is truncated when the whole WAL is written back, which a reader may delay.
        using var checkpoint = connection.Command("PRAGMA wal_checkpoint(PASSIVE)");
        using var result = checkpoint.ExecuteReader();
        var whole = result.Read() && result.GetInt64(0) == 0 && result.GetInt64(1) == result.GetInt64(2);
        lock (_gate)
        {
            (_leastLength, _shrinking) = (PagesInUse(), !whole);
        }
    }

    /// <summary>
    /// The files at the paths are no longer the open ones. Writes back the WAL if that still goes into the right file, and otherwise
    /// makes sure that closing the connection changes nothing: the files at the paths now belong to somebody else.
    /// </summary>
    public void Leave()
    {
        lock (_gate)
        {
            try
            {
                _leaveAlone = FileIdentity.At(_file.Path) is not { } now || !now.IsSameFileAs(_standing[0].Opened) || FindShrinking() is not null;
                if (!_leaveAlone)
                {
                    _connection.Execute("PRAGMA wal_checkpoint(PASSIVE)");
                }
            }
            catch (Exception e) when (e is SqliteException or StorageException or IOException)
            {
                _leaveAlone = true;
            }
        }
    }

    /// <summary>The file is damaged: it stays as it is.</summary>
    public void LeaveAlone() => _leaveAlone = true;

    /// <summary>Closes the database after all other connections are closed. Then it is complete, and <c>-wal</c> is gone.</summary>
    public void Dispose()
    {
        _file.CloseReaders();
        if (_leaveAlone)
        {
            _connection.LeaveAlone();
        }
        else
        {
            try
            {
                // Closing does that, too, but not while another process, such as a backup, has the database open.
                _connection.Execute("PRAGMA busy_timeout = 1000; PRAGMA wal_checkpoint(TRUNCATE)");
            }
            catch (SqliteException)
            {
                // What is in the WAL is safe there.
            }
        }

        _connection.Dispose();
        _index.Dispose();
    }

    private static FileIdentity Opened(string path) => FileIdentity.At(path) ?? throw new StorageException($"{path} is gone.");

    private long PagesInUse() => (long)_connection.Scalar("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")!;

    private string? FindShrinking()
    {
        var length = FileIdentity.At(_file.Path)?.Length ?? 0;
        if (length < _leastLength)
        {
            return $"{_file.Path} was truncated: it has {length} bytes, and had {_leastLength}";
        }

        if (!_shrinking)
        {
            _leastLength = length;
        }

        var (wal, opened) = _standing[1];
        if (FileIdentity.At(wal) is not { } now || !now.IsSameFileAs(opened))
        {
            return null;
        }

        long has = 0, needs = 0;
        for (var look = 0; look < LooksAtWal; look++)
        {
            needs = WalInUse();
            has = FileIdentity.At(wal)?.Length ?? 0;
            if (has >= needs)
            {
                return null;
            }
        }

        return $"{wal} was truncated: it has {has} bytes, and had {needs}";
    }

    // Committed data is in the file before the index refers to it.
    private long WalInUse()
    {
        Span<byte> header = stackalloc byte[IndexHeader];
        if (RandomAccess.Read(_index, header, 0) < IndexHeader)
        {
            return 0;
        }

        var frames = MemoryMarshal.Read<uint>(header[FramesInIndex..]);
        var pageSize = MemoryMarshal.Read<ushort>(header[PageSizeInIndex..]) is var size and > 1 ? size : 65536;
        return frames == 0 ? 0 : WalHeader + frames * (long)(FrameHeader + pageSize);
    }
}
