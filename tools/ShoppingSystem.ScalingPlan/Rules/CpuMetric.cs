namespace ShoppingSystem.ScalingPlan.Rules;

/// <summary>What the metrics server says of a pod, for the autoscaler.</summary>
internal enum PodSample
{
    /// <summary>The pod has a figure that counts.</summary>
    Counts,

    /// <summary>It is not ready, or there is no whole window of its figures since it was: what it uses says nothing yet.</summary>
    Ignored,
}

/// <summary>
/// How many web servers their processor time wants: <c>GetResourceReplicas</c> and <c>groupPods</c> in
/// <c>pkg/controller/podautoscaler/replica_calculator.go</c> of kubernetes/kubernetes.
/// </summary>
internal static class CpuMetric
{
    /// <summary>
    /// Seconds since its start for which a pod's figure counts only after a whole window as a ready one:
    /// <c>--horizontal-pod-autoscaler-cpu-initialization-period</c>.
    /// </summary>
    public const int InitializationSeconds = 300;

    /// <summary>Does the figure of a pod count?</summary>
    /// <param name="second">Now.</param>
    /// <param name="started">When the pod was started.</param>
    /// <param name="readySince">Since when it is ready; null when it isn't.</param>
    /// <param name="windowSeconds">The time that a figure is the mean of.</param>
    public static PodSample Sample(int second, int started, int? readySince, int windowSeconds) =>
        readySince is { } since && (second >= started + InitializationSeconds || second >= since + windowSeconds)
            ? PodSample.Counts
            : PodSample.Ignored;

    /// <summary>The replicas that the figures want; null when none counts.</summary>
    /// <param name="usedPercent">Of each pod that counts: what it uses, in percent of what it requests.</param>
    /// <param name="ignored">Pods that don't count.</param>
    /// <param name="targetPercent">The utilization that is to be kept, percent of the request.</param>
    /// <param name="current">The replicas that the Deployment is told to have.</param>
    public static int? Replicas(IReadOnlyCollection<double> usedPercent, int ignored, int targetPercent, int current)
    {
        if (usedPercent.Count == 0)
        {
            return null;
        }

        // Kubernetes counts in whole percent.
        var ratio = Math.Floor(usedPercent.Average()) / targetPercent;
        if (ignored == 0 || ratio <= 1)
        {
            return Autoscaler.IsWithinTolerance(ratio) ? current : (int)Math.Ceiling(ratio * usedPercent.Count);
        }

        // On the way up, a pod that doesn't count is taken for one that uses nothing.
        var pods = usedPercent.Count + ignored;
        var lower = Math.Floor(usedPercent.Sum() / pods) / targetPercent;
        var replicas = (int)Math.Ceiling(lower * pods);
        return Autoscaler.IsWithinTolerance(lower) || lower < 1 || replicas < current ? current : replicas;
    }
}
