using ShoppingSystem.LoadTest;

namespace ShoppingSystem.Tests.LoadTest;

public sealed class BackoffTests
{
    [Fact]
    public void The_backoff_grows_to_two_seconds_and_stays_there()
    {
        var backoffs = new List<TimeSpan> { TimeSpan.FromMilliseconds(50) };
        for (var retry = 0; retry < 10_000; retry++)
        {
            backoffs.Add(Lane.After(backoffs[^1]));
        }

        Assert.Equal([50, 100, 200, 400, 800, 1600, 2000, 2000], backoffs.Take(8).Select(backoff => backoff.TotalMilliseconds));
        Assert.Equal(TimeSpan.FromSeconds(2), backoffs[^1]);
    }
}
