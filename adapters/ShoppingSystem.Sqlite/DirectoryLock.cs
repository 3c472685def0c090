using Microsoft.Win32.SafeHandles;

namespace ShoppingSystem.Sqlite;

/// <summary>
/// Keeps a data directory to one process. What is locked is the directory itself, which holds however its files are removed and
/// wherever it is moved; and a file in it, for Windows, where directories can't be locked and open files can't be removed.
/// </summary>
internal sealed class DirectoryLock : IDisposable
{
    private readonly SafeFileHandle? _directory;
    private FileStream? _file;

    private DirectoryLock(SafeFileHandle? directory) => _directory = directory;

    /// <summary>Locks <paramref name="directory"/>, which is made when it is missing.</summary>
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

    /// <summary>The same, leaving nothing in the directory; on Windows it keeps no other process away.</summary>
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

    /// <summary>Has the names of the files in the directory written to the disk.</summary>
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
