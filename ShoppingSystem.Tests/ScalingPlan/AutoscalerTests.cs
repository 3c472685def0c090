using ShoppingSystem.ScalingPlan.Rules;

namespace ShoppingSystem.Tests.ScalingPlan;

/// <summary>The rules of KEDA and of the autoscaler, one by one.</summary>
public sealed class AutoscalerTests
{
    [Theory]
    [InlineData(600_000, 12, 2_000, 24_000)] // no more than the partitions have
    [InlineData(16_672, 4, 2_000, 8_000)]
    [InlineData(25_900, 12, 2_000, 25_900)] // KEDA divides whole numbers: 12.95 is 12
    [InlineData(1_146, 1, 2_000, 1_146)]
    [InlineData(0, 0, 2_000, 0)]
    public void KEDA_answers_with_the_lag_or_the_partitions_that_have_some(long lag, int partitionsWithLag, int threshold, long answer) =>
        Assert.Equal(answer, LagMetric.Answer(lag, partitionsWithLag, threshold));

    [Theory]
    [InlineData(24_000, 1, 12)]
    [InlineData(20_001, 5, 11)]
    [InlineData(20_000, 10, 10)]
    [InlineData(22_000, 10, 10)] // a tenth more is as good as none
    [InlineData(22_001, 10, 12)]
    [InlineData(18_000, 10, 10)]
    [InlineData(17_999, 10, 9)]
    [InlineData(0, 3, 0)]
    public void A_lag_wants_a_recorder_for_each_threshold(long answer, int pods, int replicas) =>
        Assert.Equal(replicas, LagMetric.Replicas(answer, 2_000, pods));

    [Theory]
    [InlineData(new[] { 106.0 }, 0, 1, 2)]
    [InlineData(new[] { 164.0 }, 1, 2, 3)] // on the way up, the new pod counts as idle
    [InlineData(new[] { 181.0 }, 2, 3, 3)] // but never turns it round
    [InlineData(new[] { 77.0, 77.0 }, 0, 2, 2)]
    [InlineData(new[] { 78.0, 78.0 }, 0, 2, 3)]
    [InlineData(new[] { 20.0, 20.0 }, 2, 4, 1)]
    [InlineData(new double[0], 4, 4, null)]
    public void Processor_time_wants_as_many_as_bring_it_to_70_percent(double[] used, int ignored, int current, int? replicas) =>
        Assert.Equal(replicas, CpuMetric.Replicas(used, ignored, 70, current));

    [Theory]
    [InlineData(100, 90, null, PodSample.Ignored)]
    [InlineData(100, 90, 90, PodSample.Ignored)]
    [InlineData(105, 90, 90, PodSample.Counts)]
    [InlineData(400, 90, 395, PodSample.Counts)] // old enough, whenever it became ready
    public void A_new_pod_counts_after_a_whole_window(int second, int started, int? readySince, object sample) =>
        Assert.Equal(sample, CpuMetric.Sample(second, started, readySince, windowSeconds: 15));

    [Fact]
    public void Scaling_up_the_management_API_doubles_its_pods_or_adds_four_up_to_the_maximum()
    {
        var autoscaler = new Autoscaler(1, 100, ScalingBehavior.ManagementApi);

        Assert.Equal([5, 10, 20, 40, 80, 100], Sync(autoscaler, 1, wanted: 1000, times: 6));
    }

    [Fact]
    public void Recorders_scale_down_by_one_a_minute_after_five_minutes()
    {
        var autoscaler = new Autoscaler(2, 12, ScalingBehavior.ManagementApi);
        Sync(autoscaler, 2, wanted: 4, times: 1);

        var went = Sync(autoscaler, 4, wanted: 0, times: 40, first: 15);

        // The last look that wanted four was at 0.
        Assert.Equal([300, 360], Enumerable.Range(0, 40).Where(look => went[look] != (look == 0 ? 4 : went[look - 1])).Select(look => 15 + 15 * look));
        Assert.Equal(2, went[^1]);
    }

    [Fact]
    public void Web_servers_scale_down_by_half_a_minute()
    {
        var autoscaler = new Autoscaler(2, 10, ScalingBehavior.WebServer.WithDownWindow(0));

        Assert.Equal([5, 5, 5, 5, 2], Sync(autoscaler, 10, wanted: 1, times: 5));
    }

    [Fact]
    public void Removed_pods_may_be_added_again_at_once()
    {
        var autoscaler = new Autoscaler(1, 100, new(new(0, new ScalingPolicy(PolicyKind.Pods, 1, 60)), new(0, new ScalingPolicy(PolicyKind.Pods, 10, 60))));
        Sync(autoscaler, 20, wanted: 10, times: 1);

        // In this minute it was 20: one more than that.
        Assert.Equal(21, autoscaler.Sync(15, 10, 30));
    }

    [Fact]
    public void Without_a_metric_all_stays_but_not_below_the_least()
    {
        var autoscaler = new Autoscaler(2, 12, ScalingBehavior.ManagementApi);

        Assert.Equal(7, autoscaler.Sync(0, 7, null));
        Assert.Equal(2, autoscaler.Sync(15, 1, null));
        Assert.Equal(12, autoscaler.Sync(30, 15, null));
    }

    private static List<int> Sync(Autoscaler autoscaler, int current, int wanted, int times, int first = 0)
    {
        var counts = new List<int>();
        for (var i = 0; i < times; i++)
        {
            counts.Add(current = autoscaler.Sync(first + Autoscaler.SyncPeriodSeconds * i, current, wanted));
        }

        return counts;
    }
}
