using Microsoft.Win32.SafeHandles;

namespace ShoppingSystem.Sqlite;

/// <summary>
/// Reserves a data directory for one process. The directory itself is locked, and stays locked if its files are removed or
/// it is moved; for Windows, where directories can't be locked and open files can't be removed, a file in it is locked, too.
/// </summary>
internal sealed class DirectoryLock : IDisposable
{
    private readonly SafeFileHandle? _directory;
    private FileStream? _file;

    private DirectoryLock(SafeFileHandle? directory) => _directory = directory;

    /// <summary>Locks <paramref name="directory"/>, and creates it if it is missing.</summary>
    /// <exception cref="StorageException">It can't be used, or another process uses it.</exception>
    public static DirectoryLock Take(string directory)
    {
        var file = Path.Combine(directory, "lock");
        DirectoryLock? taken = null;
        try
        {
            taken = TakeWithoutFile(directory);
            taken._file = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return taken;
        }
        catch (UnauthorizedAccessException e)
        {
            taken?.Dispose();
            throw new StorageException($"The data directory {directory} can't be written to: {e.Message}", e);
        }
        catch (IOException e) when (File.Exists(file))
        {
            taken?.Dispose();
            throw InUse(directory, e);
        }
        catch (IOException e)
        {
            taken?.Dispose();
            throw new StorageException($"The data directory {directory} can't be used: {e.Message}", e);
        }
    }

    /// <summary>The same without creating a file in the directory; on Windows it does not keep other processes out.</summary>
    /// <exception cref="StorageException">Another process uses it.</exception>
    public static DirectoryLock TakeWithoutFile(string directory)
    {
        Directory.CreateDirectory(directory);
        var handle = OperatingSystem.IsWindows() ? null : Unix.OpenDirectory(directory);
        if (handle is null || Unix.TryLock(handle))
        {
            return new DirectoryLock(handle);
        }

        handle.Dispose();
        throw InUse(directory);
    }

    /// <summary>Writes the names of the files in the directory to the disk.</summary>
    public void Sync()
    {
        if (_directory is not null)
        {
            RandomAccess.FlushToDisk(_directory);
        }
    }

    public void Dispose()
    {
        _file?.Dispose();
        _directory?.Dispose();
    }

    private static StorageException InUse(string directory, Exception? e = null) => new($"The data directory {directory} is in use by another instance.", e);
}
