using System.Runtime.InteropServices;

namespace ShoppingSystem.LoadTest;

/// <summary>
/// Sleeps for shorter times than <see cref="Thread.Sleep(TimeSpan)"/>, which supports whole milliseconds only: an error of half a
/// millisecond at every start would be in every latency.
/// </summary>
internal static partial class Pause
{
    /// <summary>Blocks the thread for about <paramref name="time"/>: on Linux and macOS to a tenth of a millisecond, elsewhere to one.</summary>
    public static void For(TimeSpan time)
    {
        if (time <= TimeSpan.Zero)
        {
            return;
        }

        if ((OperatingSystem.IsLinux() || OperatingSystem.IsMacOS()) && Environment.Is64BitProcess)
        {
            _ = NanoSleep(new((long)time.TotalSeconds, time.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick), 0);
        }
        else
        {
            Thread.Sleep(time < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : time);
        }
    }

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int NanoSleep(in TimeSpec time, nint remaining);

    private readonly record struct TimeSpec(long Seconds, long Nanoseconds);
}
