namespace ShoppingSystem.ScalingPlan.Playing;

/// <summary>What one pod does. The defaults are of the production overlay and of measurements that <c>docs/scaling.md</c> names.</summary>
internal sealed record PodFigures
{
    /// <summary>Processor time of a web server for a purchase, milliseconds.</summary>
    public double BuyCpuMilliseconds { get; init; } = 0.138;

    /// <summary>What a web server requests, thousandths of a core.</summary>
    public int WebCpuRequest { get; init; } = 500;

    /// <summary>What a web server gets at most, thousandths of a core.</summary>
    public int WebCpuLimit { get; init; } = 1000;

    /// <summary>What the metrics server's figure of a pod is the mean of, seconds.</summary>
    public int CpuWindowSeconds { get; init; } = 15;

    /// <summary>From the autoscaler's decision until a new pod is ready, seconds.</summary>
    public int ColdStartSeconds { get; init; } = 6;

    /// <summary>By how much the last of several pods that are started together is ready later than the first, seconds.</summary>
    public int ColdStartSpreadSeconds { get; init; } = 2;

    /// <summary>How long a partition that changes its recorder stands still, seconds.</summary>
    public int RebalanceSeconds { get; init; } = 3;

    /// <summary>What all recorders together can get into the store in a second; null for no limit.</summary>
    public double? RecordedInAllPerSecond { get; init; }

    /// <summary>Purchases that a web server acknowledges in a second at most.</summary>
    public double BoughtPerSecond => WebCpuLimit / BuyCpuMilliseconds;
}

/// <summary>From the second <paramref name="From"/> until before the second <paramref name="To"/>.</summary>
internal sealed record Interval(int From, int To)
{
    /// <summary>Is a second in it?</summary>
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

    /// <summary>Whether to end earlier when nobody buys any more, nothing waits and there are no more pods than at least.</summary>
    public bool UntilQuiet { get; init; }

    /// <summary>Events that wait to be recorded at the beginning.</summary>
    public long Backlog { get; init; }

    /// <summary>The part of all purchases that is made by one customer, and so is in one partition; 0 to 1.</summary>
    public double HotShare { get; init; }

    /// <summary>Web servers at the beginning, ready; null for the least.</summary>
    public int? WebServers { get; init; }

    /// <summary>Recorders at the beginning, ready; null for the least.</summary>
    public int? Recorders { get; init; }

    /// <summary>When the web servers' autoscaler looks for the first time, seconds.</summary>
    public int WebFirstSync { get; init; } = Rules.Autoscaler.SyncPeriodSeconds;

    /// <summary>When the recorders' autoscaler looks for the first time, seconds.</summary>
    public int RecorderFirstSync { get; init; } = Rules.Autoscaler.SyncPeriodSeconds;

    /// <summary>While no pod is ready, nothing is bought or recorded, and no metric can be read; null for never.</summary>
    public Interval? Outage { get; init; }

    /// <summary>When each web server was replaced by a new one, with none missing meanwhile; null for never.</summary>
    public int? WebRollingUpdate { get; init; }

    /// <summary>When the recorders of the beginning are started: until then there is none, nor an autoscaler.</summary>
    public int RecordersStart { get; init; }
}

/// <summary>What was at the end of a second.</summary>
/// <param name="At">Which one, from 0.</param>
/// <param name="Arrived">Purchases begun in it.</param>
/// <param name="Bought">Purchases acknowledged in it.</param>
/// <param name="WaitingToBuy">Customers whose purchase is begun and not acknowledged.</param>
/// <param name="Recorded">Events recorded in it.</param>
/// <param name="Lag">Customers' purchases that are acknowledged and not yet in a history, events.</param>
/// <param name="PartitionsWithLag">Partitions that have some of them, or had in this second.</param>
/// <param name="OldestSeconds">For how long the oldest of them has been waiting, seconds.</param>
/// <param name="WebWanted">Web servers that the Deployment is told to have.</param>
/// <param name="WebReady">Web servers that are ready.</param>
/// <param name="WebCpuPercent">What a ready web server uses, percent of what it requests.</param>
/// <param name="RecordersWanted">Recorders that the Deployment is told to have.</param>
/// <param name="RecordersReady">Recorders that are ready.</param>
internal readonly record struct Second(
    int At, double Arrived, double Bought, double WaitingToBuy, double Recorded, double Lag, int PartitionsWithLag, int OldestSeconds,
    int WebWanted, int WebReady, double WebCpuPercent, int RecordersWanted, int RecordersReady);
