using System.Diagnostics;

namespace ShoppingSystem.Tests.Support;

/// <summary>Waits for what happens a little later, and says what did not happen.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(25);

    public static Task TrueAsync(Func<bool> condition, string what) => TrueAsync(() => Task.FromResult(condition()), Patience, what);

    public static Task TrueAsync(Func<Task<bool>> condition, string what) => TrueAsync(condition, Patience, what);

    /// <param name="condition">What is to become true.</param>
    /// <param name="what">Asked when it has not.</param>
    public static Task TrueAsync(Func<Task<bool>> condition, Func<string> what) => TrueAsync(condition, Patience, what);

    public static Task TrueAsync(Func<Task<bool>> condition, TimeSpan patience, string what) => TrueAsync(condition, patience, () => what);

    private static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan patience, Func<string> what)
    {
        for (var start = Stopwatch.GetTimestamp(); !await condition(); await Task.Delay(Interval))
        {
            if (Stopwatch.GetElapsedTime(start) > patience)
            {
                throw new TimeoutException($"Not within {patience}: {what()}");
            }
        }
    }
}
