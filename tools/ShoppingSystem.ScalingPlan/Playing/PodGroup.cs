namespace ShoppingSystem.ScalingPlan.Playing;

/// <summary>The pods of one Deployment: new pods are ready after their cold start, removed pods are gone at once.</summary>
/// <param name="coldStartSeconds">From the decision for a pod until it is ready, seconds.</param>
/// <param name="spreadSeconds">By how much the last of several pods started together is ready later than the first, seconds.</param>
internal sealed class PodGroup(int coldStartSeconds, int spreadSeconds)
{
    private readonly List<Pod> _pods = [];

    /// <summary>All existing pods, ready or not, oldest first.</summary>
    public IReadOnlyList<Pod> All => _pods;

    /// <summary>How many pods the Deployment is to have.</summary>
    public int Wanted => _pods.Count;

    /// <summary>Pods that are ready in a second.</summary>
    public int Ready(int second) => _pods.Count(pod => pod.ReadySince <= second);

    /// <summary>Adds the pods that exist from the beginning.</summary>
    public void Begin(int count) => _pods.AddRange(Enumerable.Range(0, count).Select(_ => new Pod(-3600, -3600)));

    /// <summary>Adds missing pods; removes surplus pods, first those that are not ready, then the youngest.</summary>
    public void Scale(int second, int count)
    {
        var (before, started) = (_pods.Count, count - _pods.Count);
        while (_pods.Count < count)
        {
            var later = started == 1 ? 0 : spreadSeconds * (_pods.Count - before) / (started - 1);
            _pods.Add(new Pod(second, second + coldStartSeconds + later));
        }

        _pods.RemoveRange(count, _pods.Count - count);
    }

    /// <summary>Replaces all pods by new ones.</summary>
    public void Replace(int second)
    {
        for (var i = 0; i < _pods.Count; i++)
        {
            _pods[i] = new Pod(second, second);
        }
    }

    /// <summary>Makes no pod ready before <paramref name="second"/>.</summary>
    public void ReadyAt(int second) => _pods.ForEach(pod => pod.ReadySince = second);
}

/// <summary>A pod.</summary>
/// <param name="started">When it was started, seconds.</param>
/// <param name="readySince">The time from which it is ready, seconds.</param>
internal sealed class Pod(int started, int readySince)
{
    // One entry for each second since it was started.
    private readonly List<double> _used = [];

    /// <summary>When it was started, seconds.</summary>
    public int Started => started;

    /// <summary>The time from which it is ready, seconds.</summary>
    public int ReadySince { get; set; } = readySince;

    /// <summary>Notes what it used in a second, percent of its request.</summary>
    public void Use(double percent) => _used.Add(percent);

    /// <summary>The mean of its use in the last seconds; seconds before the first note count as 0.</summary>
    /// <param name="windowSeconds">How many seconds.</param>
    public double MeanUse(int windowSeconds) => _used.Skip(_used.Count - windowSeconds).Sum() / windowSeconds;
}
