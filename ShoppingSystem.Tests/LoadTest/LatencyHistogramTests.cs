using ShoppingSystem.LoadTest;

namespace ShoppingSystem.Tests.LoadTest;

public sealed class LatencyHistogramTests
{
    private static readonly double[] Percentiles = [0.01, 1, 25, 50, 75, 90, 99, 99.9, 99.99, 100];

    [Fact]
    public void Percentiles_are_never_less_than_the_truth_and_at_most_a_256th_more()
    {
        var random = new Random(17);
        var histogram = new LatencyHistogram();
        var truth = new long[100_000];
        for (var i = 0; i < truth.Length; i++)
        {
            // Evenly spread over the magnitudes from 100 ns to a quarter of an hour.
            truth[i] = (long)Math.Pow(10, random.NextDouble() * 10);
            histogram.Record(TimeSpan.FromTicks(truth[i]));
        }

        Array.Sort(truth);
        foreach (var percent in Percentiles)
        {
            var exact = truth[(int)Math.Ceiling((decimal)percent * truth.Length / 100) - 1];
            var reported = histogram.Percentile(percent).Ticks;
            Assert.InRange(reported, exact, exact + exact / 256);
        }

        Assert.Equal(truth[^1], histogram.Max.Ticks);
        Assert.Equal(truth.Sum(), histogram.Total.Ticks);
        Assert.Equal(truth.Length, histogram.Count);
    }

    [Fact]
    public void Every_value_around_a_bucket_border_is_reported_within_the_bound()
    {
        for (var power = 0; power < 36; power++)
        {
            foreach (var ticks in new[] { (1L << power) - 1, 1L << power, (1L << power) + 1 })
            {
                var histogram = new LatencyHistogram();
                histogram.Record(TimeSpan.FromTicks(ticks));
                histogram.Record(LatencyHistogram.Longest);

                Assert.InRange(histogram.Percentile(50).Ticks, ticks, ticks + ticks / 256);
            }
        }
    }

    [Fact]
    public void The_nearest_rank_is_right_despite_rounding()
    {
        var histogram = new LatencyHistogram();
        for (var i = 1; i <= 1000; i++)
        {
            histogram.Record(TimeSpan.FromTicks(i < 1000 ? 7 : 500));
        }

        Assert.Equal(7, histogram.Percentile(99.9).Ticks);
        Assert.Equal(500, histogram.Percentile(99.91).Ticks);
    }

    [Fact]
    public void Adding_two_histograms_equals_recording_into_one()
    {
        var (one, other, both) = (new LatencyHistogram(), new LatencyHistogram(), new LatencyHistogram());
        for (var i = 0; i < 1000; i++)
        {
            var duration = TimeSpan.FromTicks(i * i);
            (i % 3 is 0 ? one : other).Record(duration);
            both.Record(duration);
        }

        var before = new LatencyHistogram();
        before.Add(one);
        one.Add(other);

        AssertSame(both, one);
        var since = one.Since(before);
        Assert.Equal(other.Count, since.Count);
        Assert.Equal(other.Total, since.Total);
        Assert.Equal(other.Percentile(50), since.Percentile(50));
    }

    [Fact]
    public void Percentiles_that_fall_on_unfinished_requests_are_unknown()
    {
        var histogram = new LatencyHistogram();
        for (var i = 0; i < 98; i++)
        {
            histogram.Record(TimeSpan.FromTicks(5));
        }

        Assert.Equal(5, histogram.PercentileAmong(100, 98)!.Value.Ticks);
        Assert.Null(histogram.PercentileAmong(100, 99));
        Assert.Throws<ArgumentOutOfRangeException>(() => histogram.PercentileAmong(97, 50));
    }

    [Fact]
    public void Latencies_above_a_limit_are_counted()
    {
        var histogram = new LatencyHistogram();
        foreach (var milliseconds in new[] { 1, 10, 99, 101, 500 })
        {
            histogram.Record(TimeSpan.FromMilliseconds(milliseconds));
        }

        Assert.Equal(2, histogram.CountAbove(TimeSpan.FromMilliseconds(100)));
    }

    [Fact]
    public void A_latency_out_of_range_is_recorded_as_the_nearest_in_range()
    {
        var histogram = new LatencyHistogram();
        histogram.Record(TimeSpan.FromMilliseconds(-1));
        histogram.Record(TimeSpan.FromDays(1));

        Assert.Equal(TimeSpan.Zero, histogram.Percentile(50));
        Assert.Equal(LatencyHistogram.Longest, histogram.Percentile(100));
    }

    [Fact]
    public void An_empty_histogram_reports_zero()
    {
        var histogram = new LatencyHistogram();

        Assert.Equal(TimeSpan.Zero, histogram.Percentile(99));
        Assert.Equal(TimeSpan.Zero, histogram.Mean);
    }

    private static void AssertSame(LatencyHistogram expected, LatencyHistogram actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        Assert.Equal(expected.Total, actual.Total);
        Assert.Equal(expected.Max, actual.Max);
        Assert.All(Percentiles, percent => Assert.Equal(expected.Percentile(percent), actual.Percentile(percent)));
    }
}
