using System.Diagnostics;

namespace ShoppingSystem.Tests.Support;

/// <summary>A file system of a few megabytes in memory, for running out of room.</summary>
internal sealed class SmallDisk : INeed, IDisposable
{
    private const int Block = 4096;
    private static readonly Lazy<bool> Works = new(Try);

    private SmallDisk(string path) => Path = path;

    /// <summary>Why this machine lets us have none; null where it lets us: Linux, and the right to mount.</summary>
    public static string? WhyNot => Works.Value ? null : "Needs the right to mount a tmpfs.";

    public string Path { get; }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    public static SmallDisk Create()
    {
        var path = StandaloneProcess.NewDataDirectory();
        if (!Run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", path))
        {
            Directory.Delete(path);
            throw new InvalidOperationException("mount failed");
        }

        return new SmallDisk(path);
    }

    /// <summary>Takes all the room there is.</summary>
    public void Fill()
    {
        using var filler = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[Block];
        try
        {
            while (true)
            {
                filler.Write(block);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    /// <summary>Gives it back.</summary>
    public void MakeRoom() => File.Delete(Filler);

    public void Dispose()
    {
        Run("umount", "-l", Path);
        Directory.Delete(Path);
    }

    private static bool Try()
    {
        try
        {
            Create().Dispose();
            return true;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
