using System.Diagnostics;

namespace ShoppingSystem.Tests.Support;

/// <summary>Waits for what happens a little later, and says what did not happen.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(25);

    public static Task TrueAsync(Func<bool> condition, string what) => TrueAsync(() => Task.FromResult(condition()), Timeout, what);

    public static Task TrueAsync(Func<Task<bool>> condition, string what) => TrueAsync(condition, Timeout, what);

    /// <param name="condition">What is to become true.</param>
    /// <param name="what">Asked when it has not.</param>
    public static Task TrueAsync(Func<Task<bool>> condition, Func<string> what) => TrueAsync(condition, Timeout, what);

    public static Task TrueAsync(Func<Task<bool>> condition, TimeSpan timeout, string what) => TrueAsync(condition, timeout, () => what);

    private static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan timeout, Func<string> what)
    {
        for (var start = Stopwatch.GetTimestamp(); !await condition(); await Task.Delay(Interval))
        {
            if (Stopwatch.GetElapsedTime(start) > timeout)
            {
                throw new TimeoutException($"Not within {timeout}: {what()}");
            }
        }
    }
}
