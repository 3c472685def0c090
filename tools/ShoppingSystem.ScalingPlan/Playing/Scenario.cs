namespace ShoppingSystem.ScalingPlan.Playing;

/// <summary>The figures of one pod. Defaults: from the production overlay and from measurements in <c>docs/scaling.md</c>.</summary>
internal sealed record PodFigures
{
    /// <summary>Processor time of a web server for a purchase, milliseconds.</summary>
    public double BuyCpuMilliseconds { get; init; } = 0.138;

    /// <summary>What a web server requests, thousandths of a core.</summary>
    public int WebCpuRequest { get; init; } = 500;

    /// <summary>The limit of a web server, thousandths of a core.</summary>
    public int WebCpuLimit { get; init; } = 1000;

    /// <summary>The window of the metrics server's figure of a pod, which is a mean, seconds.</summary>
    public int CpuWindowSeconds { get; init; } = 15;

    /// <summary>From the autoscaler's decision until a new pod is ready, seconds.</summary>
    public int ColdStartSeconds { get; init; } = 6;

    /// <summary>By how much the last of several pods that are started together is ready later than the first, seconds.</summary>
    public int ColdStartSpreadSeconds { get; init; } = 2;

    /// <summary>How long a partition is not read when its recorder changes, seconds.</summary>
    public int RebalanceSeconds { get; init; } = 3;

    /// <summary>How much all recorders together can write to the store in a second; null for no limit.</summary>
    public double? RecordedInAllPerSecond { get; init; }

    /// <summary>Purchases that a web server acknowledges in a second at most.</summary>
    public double BoughtPerSecond => WebCpuLimit / BuyCpuMilliseconds;
}

/// <summary>From the second <paramref name="From"/> until before the second <paramref name="To"/>.</summary>
internal sealed record Interval(int From, int To)
{
    /// <summary>Whether the interval contains a second.</summary>
    public bool Has(int second) => second >= From && second < To;
}

/// <summary>What is to be played.</summary>
internal sealed record Scenario
{
    /// <summary>How the shop scales.</summary>
    public required ScalingSettings Settings { get; init; }

    /// <summary>What a pod does.</summary>
    public PodFigures Pods { get; init; } = new();

    /// <summary>Purchases that customers begin in each second.</summary>
    public required IReadOnlyList<double> ArrivalsPerSecond { get; init; }

    /// <summary>How long to go on after <see cref="ArrivalsPerSecond"/>, with nobody buying, seconds.</summary>
    public int SecondsAfter { get; init; }

    /// <summary>Whether to end earlier: when nobody buys any more, nothing waits and only the minimum of pods is left.</summary>
    public bool UntilQuiet { get; init; }

    /// <summary>Events that wait to be recorded at the beginning.</summary>
    public long Backlog { get; init; }

    /// <summary>The share of all purchases that one customer makes, so that they are in one partition; 0 to 1.</summary>
    public double HotShare { get; init; }

    /// <summary>Web servers at the beginning, ready; null for the minimum.</summary>
    public int? WebServers { get; init; }

    /// <summary>Recorders at the beginning, ready; null for the minimum.</summary>
    public int? Recorders { get; init; }

    /// <summary>The time of the first sync of the web servers' autoscaler, seconds.</summary>
    public int WebFirstSync { get; init; } = Rules.Autoscaler.SyncPeriodSeconds;

    /// <summary>The time of the first sync of the recorders' autoscaler, seconds.</summary>
    public int RecorderFirstSync { get; init; } = Rules.Autoscaler.SyncPeriodSeconds;

    /// <summary>The interval in which no pod is ready, nothing is bought or recorded, and no metric can be read; null for never.</summary>
    public Interval? Outage { get; init; }

    /// <summary>When each web server was replaced by a new one, without a gap; null for never.</summary>
    public int? WebRollingUpdate { get; init; }

    /// <summary>When the first recorders are started: before that there are no recorders and no autoscaler.</summary>
    public int RecordersStart { get; init; }
}

/// <summary>The state at the end of a second.</summary>
/// <param name="At">Which one, from 0.</param>
/// <param name="Arrived">Purchases begun in it.</param>
/// <param name="Bought">Purchases acknowledged in it.</param>
/// <param name="WaitingToBuy">Customers whose purchase has begun and is not acknowledged.</param>
/// <param name="Recorded">Events recorded in it.</param>
/// <param name="Lag">Customers' purchases that are acknowledged and not yet in a history, events.</param>
/// <param name="PartitionsWithLag">Partitions that contain some of them, or did in this second.</param>
/// <param name="OldestSeconds">How long the oldest of them has been waiting, seconds.</param>
/// <param name="WebWanted">Web servers that the Deployment is told to have.</param>
/// <param name="WebReady">Web servers that are ready.</param>
/// <param name="WebCpuPercent">What a ready web server uses, percent of what it requests.</param>
/// <param name="RecordersWanted">Recorders that the Deployment is told to have.</param>
/// <param name="RecordersReady">Recorders that are ready.</param>
internal readonly record struct Second(
    int At, double Arrived, double Bought, double WaitingToBuy, double Recorded, double Lag, int PartitionsWithLag, int OldestSeconds,
    int WebWanted, int WebReady, double WebCpuPercent, int RecordersWanted, int RecordersReady);
