using System.ComponentModel;
using System.Diagnostics;

namespace ShoppingSystem.LoadTest;

/// <summary>Shows a page with what this system opens files with: <c>xdg-open</c>, <c>open</c> or the shell of Windows.</summary>
internal static class PageOpener
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Shows it.</summary>
    /// <returns>Why it can't be shown; null when it is, as far as is known after 5 seconds.</returns>
    public static string? Open(string file)
    {
        try
        {
            using var opener = Process.Start(new ProcessStartInfo(Path.GetFullPath(file)) { UseShellExecute = true });
            return opener is not null && opener.WaitForExit(Timeout) && opener.ExitCode is not 0 and var code
                ? $"what opens files here ended with exit code {code}."
                : null;
        }
        catch (Win32Exception e)
        {
            return e.Message;
        }
    }
}
