using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// A Unix file descriptor that is written at its current position. <see cref="FileStream"/> keeps its own position in a file,
/// and so overwrites what other processes that share the descriptor, or standard error next to standard output, have written.
/// </summary>
internal static partial class Descriptor
{
    private const int Interrupted = 4;

    /// <exception cref="IOException">The descriptor accepts no more; <see cref="Exception.HResult"/> is the error number.</exception>
    public static void Write(int descriptor, ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var written = WriteTo(descriptor, in MemoryMarshal.GetReference(buffer), buffer.Length);
            if (written >= 0)
            {
                buffer = buffer[(int)written..];
            }
            else if (Marshal.GetLastPInvokeError() is not Interrupted and var error)
            {
                throw new IOException(new Win32Exception(error).Message, error);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint WriteTo(int descriptor, in byte buffer, nint count);
}
