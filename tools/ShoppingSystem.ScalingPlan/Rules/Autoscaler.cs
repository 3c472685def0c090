namespace ShoppingSystem.ScalingPlan.Rules;

/// <summary>
/// What Kubernetes' horizontal autoscaler makes of the replicas that a metric wants. It follows
/// <c>pkg/controller/podautoscaler/horizontal.go</c> of kubernetes/kubernetes: <c>reconcileAutoscaler</c>,
/// <c>stabilizeRecommendationWithBehaviors</c>, <c>convertDesiredReplicasWithBehaviorRate</c>,
/// <c>calculateScaleUpLimitWithScalingRules</c> and <c>calculateScaleDownLimitWithBehaviors</c>.
/// </summary>
/// <param name="min"><c>minReplicas</c>, at least 1.</param>
/// <param name="max"><c>maxReplicas</c>.</param>
/// <param name="behavior">How fast it goes up and down.</param>
internal sealed class Autoscaler(int min, int max, ScalingBehavior behavior)
{
    /// <summary>Seconds from one sync to the next: <c>--horizontal-pod-autoscaler-sync-period</c> of kube-controller-manager.</summary>
    public const int SyncPeriodSeconds = 15;

    /// <summary>How far metric / target may differ from 1 without a change: <c>--horizontal-pod-autoscaler-tolerance</c>.</summary>
    public const double Tolerance = 0.1;

    /// <summary>Whether a metric is close enough to its target: <c>Tolerances.isWithin</c> in <c>replica_calculator.go</c>.</summary>
    /// <param name="ratio">The metric divided by its target.</param>
    public static bool IsWithinTolerance(double ratio) => 1 - Tolerance <= ratio && ratio <= 1 + Tolerance;

    private readonly List<(int Second, int Replicas)> _recommendations = [];
    private readonly List<(int Second, int Change)> _changes = [];

    /// <summary>One sync.</summary>
    /// <param name="second">When.</param>
    /// <param name="current">The replicas that the Deployment is told to have.</param>
    /// <param name="wanted">The replicas that the metric wants; null when it can't be read: then nothing changes.</param>
    /// <returns>The replicas that the Deployment is to have from now on.</returns>
    public int Sync(int second, int current, int? wanted)
    {
        if (_recommendations.Count == 0)
        {
            _recommendations.Add((second, current));
        }

        var desired = current;
        if (current > max || current < min)
        {
            desired = Math.Clamp(current, min, max);
        }
        else if (wanted is { } replicas)
        {
            desired = Limit(second, current, Stabilize(second, current, replicas));
        }

        if (desired != current)
        {
            _changes.Add((second, desired - current));
        }

        return desired;
    }

    // Up to no more than the lowest, down to no less than the highest recommendation in the window of that direction.
    private int Stabilize(int second, int current, int wanted)
    {
        var (lowest, highest) = (wanted, wanted);
        foreach (var (then, replicas) in _recommendations)
        {
            lowest = then > second - behavior.Up.StabilizationSeconds ? Math.Min(lowest, replicas) : lowest;
            highest = then > second - behavior.Down.StabilizationSeconds ? Math.Max(highest, replicas) : highest;
        }

        var longest = Math.Max(behavior.Up.StabilizationSeconds, behavior.Down.StabilizationSeconds);
        _recommendations.RemoveAll(recommendation => recommendation.Second < second - longest);
        _recommendations.Add((second, wanted));
        return Math.Min(Math.Max(current, lowest), highest);
    }

    private int Limit(int second, int current, int desired)
    {
        if (desired > current)
        {
            var most = behavior.Up.Policies.Max(policy => policy.Kind is PolicyKind.Pods
                ? AtStartOf(policy) + policy.Value
                : (int)Math.Ceiling(AtStartOf(policy) * (1 + policy.Value / 100.0)));
            return Math.Min(desired, Math.Min(max, Math.Max(most, current)));
        }

        if (desired < current)
        {
            var least = behavior.Down.Policies.Min(policy => policy.Kind is PolicyKind.Pods
                ? AtStartOf(policy) - policy.Value
                : (int)(AtStartOf(policy) * (1 - policy.Value / 100.0)));
            return Math.Max(desired, Math.Max(min, Math.Min(least, current)));
        }

        return desired;

        int AtStartOf(ScalingPolicy policy) =>
            current - _changes.Where(change => change.Second > second - policy.PeriodSeconds).Sum(change => change.Change);
    }
}
