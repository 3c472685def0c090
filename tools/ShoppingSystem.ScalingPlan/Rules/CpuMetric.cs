namespace ShoppingSystem.ScalingPlan.Rules;

/// <summary>How the autoscaler treats the metrics server's figure of a pod.</summary>
internal enum PodSample
{
    /// <summary>The pod has a figure that counts.</summary>
    Counts,

    /// <summary>The pod is not ready, or has no whole window of figures since it became ready: its use says nothing yet.</summary>
    Ignored,
}

/// <summary>
/// How many web servers their processor time wants: <c>GetResourceReplicas</c> and <c>groupPods</c> in
/// <c>pkg/controller/podautoscaler/replica_calculator.go</c> of kubernetes/kubernetes.
/// </summary>
internal static class CpuMetric
{
    /// <summary>
    /// For so many seconds after its start, a pod's figure counts only after a whole window in which the pod was ready:
    /// <c>--horizontal-pod-autoscaler-cpu-initialization-period</c>.
    /// </summary>
    public const int InitializationSeconds = 300;

    /// <summary>Whether the figure of a pod counts.</summary>
    /// <param name="second">Now.</param>
    /// <param name="started">When the pod was started.</param>
    /// <param name="readySince">Since when it has been ready; null when it isn't.</param>
    /// <param name="windowSeconds">The window of a figure, which is a mean.</param>
    public static PodSample Sample(int second, int started, int? readySince, int windowSeconds) =>
        readySince is { } since && (second >= started + InitializationSeconds || second >= since + windowSeconds)
            ? PodSample.Counts
            : PodSample.Ignored;

    /// <summary>The replicas that the figures want; null when none counts.</summary>
    /// <param name="usedPercent">For each pod that counts: what it uses, in percent of what it requests.</param>
    /// <param name="ignored">Pods that don't count.</param>
    /// <param name="targetPercent">The target utilization, percent of the request.</param>
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

        // On the way up, a pod that doesn't count is treated as one that uses nothing.
        var pods = usedPercent.Count + ignored;
        var lower = Math.Floor(usedPercent.Sum() / pods) / targetPercent;
        var replicas = (int)Math.Ceiling(lower * pods);
        return Autoscaler.IsWithinTolerance(lower) || lower < 1 || replicas < current ? current : replicas;
    }
}
