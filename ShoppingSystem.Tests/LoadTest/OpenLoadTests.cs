using ShoppingSystem.LoadTest;

namespace ShoppingSystem.Tests.LoadTest;

public sealed class OpenLoadTests
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromMicroseconds(1);

    [Fact]
    public void Steady_starts_are_evenly_spaced()
    {
        var load = OpenLoad.Steady(2000, TimeSpan.FromSeconds(60));

        Assert.Equal(120_000, load.Count);
        Assert.Equal(TimeSpan.Zero, Start(load, 0));
        AssertClose(TimeSpan.FromMicroseconds(500), Start(load, 1));
        AssertClose(TimeSpan.FromSeconds(59.9995), Start(load, 119_999));
        Assert.Null(load.StartOf(120_000, TimeSpan.Zero));
    }

    [Fact]
    public void Starts_do_not_depend_on_what_time_it_is()
    {
        var load = OpenLoad.Steady(10, TimeSpan.FromSeconds(10));

        Assert.Equal(load.StartOf(50, TimeSpan.Zero), load.StartOf(50, TimeSpan.FromHours(1)));
    }

    [Fact]
    public void A_rate_that_does_not_divide_a_second_neither_drifts_nor_drops_one()
    {
        var load = OpenLoad.Steady(3, TimeSpan.FromHours(1));

        Assert.Equal(10_800, load.Count);
        AssertClose(TimeSpan.FromSeconds(10_799 / 3.0), Start(load, 10_799));
    }

    [Fact]
    public void Ramp_reaches_its_rate_and_keeps_it()
    {
        // 0 → 100/s in 10 s makes 500 purchases; 5 s at 100/s make 500 more.
        var load = OpenLoad.Ramp(0, 100, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(15));

        Assert.Equal(1000, load.Count);
        // 5·t² have started after t seconds.
        AssertClose(TimeSpan.FromSeconds(Math.Sqrt(125 / 5.0)), Start(load, 125));
        AssertClose(TimeSpan.FromSeconds(10), Start(load, 500));
        AssertClose(TimeSpan.FromSeconds(10.01), Start(load, 501));
        Assert.Equal(125, load.DueWithin(TimeSpan.FromSeconds(5)), 0.001);
        Assert.Equal(700, load.DueWithin(TimeSpan.FromSeconds(12)), 0.001);
        Assert.Equal(1000, load.DueWithin(TimeSpan.FromSeconds(20)), 0.001);
    }

    [Fact]
    public void Ramp_may_take_all_the_time_and_go_down()
    {
        var load = OpenLoad.Ramp(100, 0, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10));

        Assert.Equal(500, load.Count);
        Assert.InRange(Start(load, 499), TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Ramp_that_hardly_rises_is_as_good_as_steady()
    {
        var load = OpenLoad.Ramp(100, 100.000_000_1, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10));

        AssertClose(TimeSpan.FromSeconds(5), Start(load, 500));
    }

    [Fact]
    public void Every_period_ends_with_a_burst()
    {
        var load = OpenLoad.Burst(
            rate: 10, burstRate: 100, every: TimeSpan.FromSeconds(10), length: TimeSpan.FromSeconds(2), duration: TimeSpan.FromSeconds(25));

        // Two whole periods of 8 s at 10/s and 2 s at 100/s, then 5 s of calm.
        Assert.Equal(2 * (80 + 200) + 50, load.Count);
        var starts = Enumerable.Range(0, (int)load.Count).Select(number => Start(load, number).TotalSeconds).ToArray();
        Assert.Equal([80, 200, 80, 200, 50], new[] { (0, 8), (8, 10), (10, 18), (18, 20), (20, 25) }
            .Select(period => starts.Count(start => start >= period.Item1 && start < period.Item2)));
        Assert.Equal(80 + 100, load.DueWithin(TimeSpan.FromSeconds(9)), 0.001);
    }

    [Fact]
    public void No_purchase_starts_before_the_one_before_it()
    {
        var load = OpenLoad.Burst(7.3, 911.7, TimeSpan.FromSeconds(3.1), TimeSpan.FromSeconds(0.7), TimeSpan.FromSeconds(20))
            .After(TimeSpan.FromSeconds(1.3));

        var starts = Enumerable.Range(0, (int)load.Count).Select(number => Start(load, number)).ToArray();
        Assert.True(starts.Zip(starts.Skip(1)).All(pair => pair.First <= pair.Second));
        Assert.True(starts[^1] <= load.Duration);
    }

    [Fact]
    public void Warm_up_comes_first_at_the_first_rate()
    {
        var load = OpenLoad.Ramp(10, 100, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10)).After(TimeSpan.FromSeconds(2));

        Assert.Equal(TimeSpan.FromSeconds(12), load.Duration);
        Assert.Equal(20 + 550, load.Count);
        AssertClose(TimeSpan.FromSeconds(2), Start(load, 20));
    }

    [Fact]
    public void Closed_model_starts_whenever_it_is_asked_until_the_end()
    {
        var load = new ClosedLoad(4, TimeSpan.FromSeconds(1));

        Assert.Equal(TimeSpan.FromSeconds(0.5), load.StartOf(1_000_000, TimeSpan.FromSeconds(0.5)));
        Assert.Null(load.StartOf(0, TimeSpan.FromSeconds(1)));
    }

    private static void AssertClose(TimeSpan expected, TimeSpan actual) => Assert.InRange(actual, expected - Tolerance, expected + Tolerance);

    private static TimeSpan Start(OpenLoad load, long number) => load.StartOf(number, TimeSpan.Zero)!.Value;
}
