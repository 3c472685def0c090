namespace ShoppingSystem.ScalingPlan.Playing;

/// <summary>The pods of one Deployment: told how many to be, they come after their cold start and go at once.</summary>
/// <param name="coldStartSeconds">From being wanted to being ready, seconds.</param>
/// <param name="spreadSeconds">By how much the last of those that are started together is later than the first, seconds.</param>
internal sealed class PodGroup(int coldStartSeconds, int spreadSeconds)
{
    private readonly List<Pod> _pods = [];

    /// <summary>Pods that there are, ready or not, oldest first.</summary>
    public IReadOnlyList<Pod> All => _pods;

    /// <summary>How many of them are to be.</summary>
    public int Wanted => _pods.Count;

    /// <summary>Pods that are ready in a second.</summary>
    public int Ready(int second) => _pods.Count(pod => pod.ReadySince <= second);

    /// <summary>Pods that are there from the beginning.</summary>
    public void Begin(int count) => _pods.AddRange(Enumerable.Range(0, count).Select(_ => new Pod(-3600, -3600)));

    /// <summary>Adds what is missing; takes what is too much, those that are not ready and the youngest first.</summary>
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

    /// <summary>All of them are new.</summary>
    public void Replace(int second)
    {
        for (var i = 0; i < _pods.Count; i++)
        {
            _pods[i] = new Pod(second, second);
        }
    }

    /// <summary>None of them is ready before <paramref name="second"/>.</summary>
    public void ReadyAt(int second) => _pods.ForEach(pod => pod.ReadySince = second);
}

/// <summary>A pod.</summary>
/// <param name="started">When it was started, seconds.</param>
/// <param name="readySince">From when on it is ready, seconds.</param>
internal sealed class Pod(int started, int readySince)
{
    // Of each second since it was started.
    private readonly List<double> _used = [];

    /// <summary>When it was started, seconds.</summary>
    public int Started => started;

    /// <summary>From when on it is ready, seconds.</summary>
    public int ReadySince { get; set; } = readySince;

    /// <summary>What it used in a second, percent of its request.</summary>
    public void Use(double percent) => _used.Add(percent);

    /// <summary>The mean of what it used in the last seconds; before it was watched it used nothing.</summary>
    /// <param name="windowSeconds">How many.</param>
    public double MeanUse(int windowSeconds) => _used.Skip(_used.Count - windowSeconds).Sum() / windowSeconds;
}
