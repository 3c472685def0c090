using Microsoft.Extensions.Time.Testing;
using ShoppingSystem.Ledger;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Ledger;

public sealed class LatencyWindowTests(ITestOutputHelper output)
{
    private static readonly double[] Shares = [0.001, 0.25, 0.5, 0.95, 0.99, 0.999, 1];
    private static readonly DateTimeOffset Start = Some.Moment;

    /// <summary>From nothing to an hour, thousands to hundreds of thousands of them, all over the minute.</summary>
    [Fact]
    public void Percentiles_are_never_less_than_the_truth_and_at_most_a_64th_more()
    {
        var seed = Seed.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        foreach (var (count, longest) in ((int, double)[])[(1, 1e6), (2, 1e6), (99, 1e3), (5_000, 70), (50_000, 1e6), (300_000, 3.6e9)])
        {
            var window = new LatencyWindow();
            var exact = new long[count];
            for (var i = 0; i < count; i++)
            {
                // As many between 1 and 10 ms as between 1 and 10 s.
                exact[i] = (long)Math.Pow(longest, random.NextDouble()) - 1;
                window.Add(Start.AddSeconds(random.Next(LatencyWindow.Seconds)), TimeSpan.FromMicroseconds(exact[i]));
            }

            Array.Sort(exact);
            var end = Start.AddSeconds(LatencyWindow.Seconds - 1);
            foreach (var (share, percentile) in Shares.Zip(window.Percentiles(end, Shares)))
            {
                var truth = exact[(int)Math.Ceiling(share * count) - 1];
                Assert.True(
                    percentile!.Value.TotalMicroseconds >= truth && percentile.Value.TotalMicroseconds <= truth * (1 + 1 / 64.0),
                    $"seed {seed}: {share:P1} of {count} is {truth} µs, not {percentile.Value.TotalMicroseconds} µs");
            }
        }
    }

    [Fact]
    public void Negative_latencies_count_as_zero_and_those_out_of_range_as_the_longest()
    {
        var window = new LatencyWindow();
        window.Add(Start, TimeSpan.FromSeconds(-1));
        Assert.Equal([TimeSpan.Zero], window.Percentiles(Start, 1));

        window.Add(Start, TimeSpan.MaxValue);
        Assert.InRange(window.Percentiles(Start, 1)[0]!.Value, TimeSpan.FromHours(19), TimeSpan.FromHours(20));
    }

    [Fact]
    public void The_window_moves_on_with_the_clock_and_forgets_what_is_a_minute_old()
    {
        var clock = new FakeTimeProvider(Some.Moment);
        var statistics = new RecorderStatistics(clock, Some.Signals());
        Assert.Null(statistics.Read().P50);

        // Far more in one second than in all others.
        Note(statistics, clock, count: 20_000, milliseconds: 1);
        AssertNear(1, statistics.Read().P99);

        for (var second = 1; second < LatencyWindow.Seconds; second++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            Note(statistics, clock, count: 10, milliseconds: 1000);
            var snapshot = statistics.Read();
            AssertNear(1, snapshot.P50);
            // 590 of 20,590 are more than 1 % and less than 5 %.
            AssertNear(second > 20 ? 1000 : 1, snapshot.P99);
            AssertNear(1, snapshot.P95);
        }

        clock.Advance(TimeSpan.FromSeconds(1));
        AssertNear(1000, statistics.Read().P50);

        clock.Advance(TimeSpan.FromSeconds(LatencyWindow.Seconds - 2));
        Assert.NotNull(statistics.Read().P50);
        clock.Advance(TimeSpan.FromSeconds(1));
        var empty = statistics.Read();
        Assert.Equal((null, null, null), (empty.P50, empty.P95, empty.P99));
        Assert.Equal(20_590, empty.Recorded);

        // After an hour of nothing, and after the clock was set back, what is recorded then counts alone.
        foreach (var jump in (TimeSpan[])[TimeSpan.FromHours(1), TimeSpan.FromHours(-3)])
        {
            clock.AdjustTime(clock.GetUtcNow() + jump);
            Assert.Null(statistics.Read().P99);
            Note(statistics, clock, count: 1, milliseconds: 8);
            AssertNear(8, statistics.Read().P99);
        }
    }

    [Fact]
    public async Task A_window_can_be_written_while_others_read()
    {
        var statistics = new RecorderStatistics(TimeProvider.System, Some.Signals());
        using var written = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            while (!written.IsCancellationRequested)
            {
                // Whatever it catches, it is one of the two and not in between.
                var snapshot = statistics.Read();
                Assert.True(snapshot.Recorded is 0 || Milliseconds(snapshot.P50) is >= 10 and < 10.2 or >= 100 and < 102, $"{snapshot.P50}");
            }
        })).ToList();

        var clock = new FakeTimeProvider(Some.Moment);
        for (var i = 0; i < 200; i++)
        {
            clock.AdjustTime(TimeProvider.System.GetUtcNow());
            Note(statistics, clock, count: 1000, milliseconds: i % 2 is 0 ? 10 : 100);
        }

        await written.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Equal(200_000, statistics.Read().Recorded);
    }

    // As near as it is promised.
    private static void AssertNear(double milliseconds, TimeSpan? latency) => Assert.InRange(Milliseconds(latency), milliseconds, milliseconds * (1 + 1 / 64.0));

    private static double Milliseconds(TimeSpan? latency) => latency!.Value.TotalMilliseconds;

    private static void Note(RecorderStatistics statistics, FakeTimeProvider clock, int count, double milliseconds)
    {
        var purchase = new Purchase(Guid.NewGuid(), "ada", "Ada", 1, null, clock.GetUtcNow().AddMilliseconds(-milliseconds));
        statistics.Note([.. Enumerable.Repeat(purchase, count)], new RecordResult(count, 0, []), 0, clock.GetUtcNow());
    }
}
