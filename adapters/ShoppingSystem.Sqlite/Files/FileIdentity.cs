using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ShoppingSystem.Sqlite;

/// <summary>The identity of the file at a path, and its length (bytes).</summary>
/// <param name="Device">The file system that it is on.</param>
/// <param name="Inode">Its number there: an open file keeps it, even if its name is changed or removed.</param>
/// <param name="Length">Its length.</param>
internal readonly record struct FileIdentity(ulong Device, ulong Inode, long Length)
{
    /// <summary>The file at <paramref name="path"/>, after all links are followed; null when there is none.</summary>
    /// <exception cref="StorageException">The path can't be examined.</exception>
    public static FileIdentity? At(string path) => OperatingSystem.IsWindows() ? OnWindows(path) : Unix.Status(path);

    public bool IsSameFileAs(FileIdentity other) => (Device, Inode) == (other.Device, other.Inode);

    // On Windows, SQLite opens its files so that neither they nor the directories above them can be removed or renamed: the file at
    // the path is the one that was opened. It can be truncated, and its length shows that.
    private static FileIdentity? OnWindows(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? new(0, 0, file.Length) : Directory.Exists(path) ? new(0, 0, 0) : null;
    }
}

/// <summary>Unix calls that .NET does not offer: to identify the file at a path, and to open and lock directories.</summary>
internal static partial class Unix
{
    private const int NoSuchFile = 2; // ENOENT
    private const int NotADirectory = 20; // ENOTDIR
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const uint InodeAndLength = 0x300; // STATX_INO | STATX_SIZE
    private const int ExclusiveWithoutWaiting = 2 | 4; // LOCK_EX | LOCK_NB

    // Larger than struct statx (Linux) and struct stat (macOS), whose layout is the same on all processors.
    private const int LargestStatus = 256;

    private static int WouldBlock => OperatingSystem.IsLinux() ? 11 : 35; // EWOULDBLOCK

    private static int CloseOnExecute => OperatingSystem.IsLinux() ? 0x80000 : 0x1000000; // O_CLOEXEC

    public static FileIdentity? Status(string path)
    {
        Span<byte> status = stackalloc byte[LargestStatus];
        var result = OperatingSystem.IsLinux() ? Statx(CurrentDirectory, path, 0, InodeAndLength, ref status[0])
            : RuntimeInformation.ProcessArchitecture is Architecture.X64 ? StatOnIntelMac(path, ref status[0])
            : Stat(path, ref status[0]);
        if (result != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            return error is NoSuchFile or NotADirectory
                ? null
                : throw new StorageException($"{path} can't be inspected: {Marshal.GetPInvokeErrorMessage(error)}.");
        }

        return OperatingSystem.IsLinux()
            ? new(ReadUInt64(status[136..]), ReadUInt64(status[32..]), (long)ReadUInt64(status[40..]))
            : new(BinaryPrimitives.ReadUInt32LittleEndian(status), ReadUInt64(status[8..]), (long)ReadUInt64(status[96..]));

        static ulong ReadUInt64(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<ulong>(bytes);
    }

    /// <summary>Opens a directory, to lock it or to sync it; null when it can't be.</summary>
    public static SafeFileHandle? OpenDirectory(string path) =>
        Open(path, CloseOnExecute) is >= 0 and var descriptor ? new(descriptor, ownsHandle: true) : null;

    /// <summary>
    /// Locks an open file or directory until it is closed. Also returns true if the file system has no such locks: then it says nothing
    /// about other processes.
    /// </summary>
    /// <returns>False when it is locked already.</returns>
    public static bool TryLock(SafeFileHandle handle) =>
        Flock(handle, ExclusiveWithoutWaiting) == 0 || Marshal.GetLastPInvokeError() != WouldBlock;

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(int directory, string path, int flags, uint mask, ref byte status);

    [LibraryImport("libc", EntryPoint = "stat", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Stat(string path, ref byte status);

    [LibraryImport("libc", EntryPoint = "stat$INODE64", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int StatOnIntelMac(string path, ref byte status);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Flock(SafeFileHandle handle, int operation);
}
