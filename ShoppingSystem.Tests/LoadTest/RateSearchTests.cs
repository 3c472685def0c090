using ShoppingSystem.LoadTest;

namespace ShoppingSystem.Tests.LoadTest;

public sealed class RateSearchTests
{
    [Theory]
    [InlineData(100, 7300)]
    [InlineData(100, 100)]
    [InlineData(5000, 13)]
    [InlineData(64, 64_000)]
    public async Task The_rate_found_is_below_the_capacity_by_at_most_the_precision(double from, double capacity)
    {
        var tries = 0;
        var found = await new RateSearch(from).RunAsync(rate => Answer(rate <= capacity), default);

        Assert.NotNull(found);
        Assert.InRange(found.Value, capacity / (1 + RateSearch.Precision), capacity);
        Assert.InRange(tries, 1, 40);

        Task<bool> Answer(bool passes)
        {
            tries++;
            return Task.FromResult(passes);
        }
    }

    [Fact]
    public async Task A_rate_that_fails_once_is_tried_again()
    {
        var failed = new HashSet<double>();
        var found = await new RateSearch(100).RunAsync(rate => Task.FromResult(rate <= 1000 && !failed.Add(rate)), default);

        Assert.InRange(found!.Value, 1000 / (1 + RateSearch.Precision), 1000);
    }

    [Fact]
    public async Task A_search_where_every_rate_fails_finds_none() =>
        Assert.Null(await new RateSearch(100).RunAsync(_ => Task.FromResult(false), default));

    [Fact]
    public async Task A_stopped_search_returns_the_best_rate_so_far()
    {
        using var stop = new CancellationTokenSource();
        var found = await new RateSearch(100).RunAsync(
            rate =>
            {
                if (rate >= 800)
                {
                    stop.Cancel();
                }

                return Task.FromResult(true); // of a rate that was cut short, too
            },
            stop.Token);

        Assert.Equal(400, found);
    }
}
