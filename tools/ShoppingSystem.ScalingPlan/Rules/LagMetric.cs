namespace ShoppingSystem.ScalingPlan.Rules;

/// <summary>
/// How many recorders a lag wants. The autoscaler asks KEDA at each sync, and KEDA reads the lag then; its
/// <c>pollingInterval</c> matters only when there may be no replica at all.
/// </summary>
internal static class LagMetric
{
    /// <summary>
    /// KEDA's answer to the autoscaler: <c>getTotalLag</c> in <c>pkg/scalers/kafka_scaler.go</c> of kedacore/keda, with
    /// <c>limitToPartitionsWithLag: true</c> and <c>allowIdleConsumers: false</c>.
    /// </summary>
    /// <param name="lag">Events not yet recorded, all partitions.</param>
    /// <param name="partitionsWithLag">Partitions that have a lag.</param>
    /// <param name="threshold"><c>lagThreshold</c>, events a pod.</param>
    /// <returns>Events.</returns>
    public static long Answer(long lag, int partitionsWithLag, int threshold) =>
        lag / threshold > partitionsWithLag ? (long)partitionsWithLag * threshold : lag;

    /// <summary>
    /// The replicas that this wants: <c>GetExternalPerPodMetricReplicas</c> in
    /// <c>pkg/controller/podautoscaler/replica_calculator.go</c> of kubernetes/kubernetes.
    /// </summary>
    /// <param name="answer">KEDA's answer, events.</param>
    /// <param name="threshold"><c>lagThreshold</c>, events a pod.</param>
    /// <param name="pods">Existing pods, ready or not.</param>
    public static int Replicas(long answer, int threshold, int pods) =>
        Autoscaler.IsWithinTolerance(answer / ((double)threshold * pods))
            ? pods
            : (int)Math.Ceiling(answer / (double)threshold);
}
