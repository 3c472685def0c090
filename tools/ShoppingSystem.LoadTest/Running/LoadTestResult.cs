namespace ShoppingSystem.LoadTest;

/// <summary>The result of a load test.</summary>
public sealed record LoadTestResult
{
    /// <summary>The id of the run, part of its user ids and idempotency keys.</summary>
    public required string RunId { get; init; }

    /// <summary>The prefix of the ids of its users.</summary>
    public required string UserIdPrefix { get; init; }

    /// <summary>The settings of the test.</summary>
    public required LoadPlan Plan { get; init; }

    /// <summary>When it began, UTC.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>Whether it was stopped before its end.</summary>
    public bool Stopped { get; init; }

    /// <summary>The results of the purchases; in a search, at the highest rate that passed, or else at the last rate tried.</summary>
    public required TrafficFigures Traffic { get; init; }

    /// <summary>The rates a search tried, in order; empty when there was no search.</summary>
    public IReadOnlyList<SearchStep> Steps { get; init; } = [];

    /// <summary>The highest rate that passed, purchases per second; null when none did, or nothing was searched.</summary>
    public double? HighestRate { get; init; }

    /// <summary>How long purchases took to appear in the history; null when it was not measured.</summary>
    public LagFigures? Lag { get; init; }

    /// <summary>The figures second by second.</summary>
    public IReadOnlyList<LoadSample> Samples { get; init; } = [];

    /// <summary>Processor time the generator itself took while the load was on.</summary>
    public TimeSpan GeneratorCpu { get; init; }

    /// <summary>Purchases the generator made while the load was on, warm-up included.</summary>
    public long GeneratorPurchases { get; init; }

    /// <summary>Whether all acknowledged purchases are recorded; null when verification was not requested.</summary>
    public Verification? Verification { get; init; }
}

/// <summary>One rate a search tried.</summary>
/// <param name="Rate">Purchases per second.</param>
/// <param name="Passed">Whether the system sustained it.</param>
/// <param name="Figures">The results of the purchases.</param>
/// <param name="Lag">The longest recording lag while it was measured; null when it is not known.</param>
public sealed record SearchStep(double Rate, bool Passed, TrafficFigures Figures, TimeSpan? Lag);

/// <summary>One second of a load.</summary>
/// <param name="At">Its end, since the beginning of the load.</param>
/// <param name="DuePerSecond">Purchases that were to start, per second; null in the closed model.</param>
/// <param name="AcknowledgedPerSecond">Purchases acknowledged per second.</param>
/// <param name="FailedPerSecond">Purchases failed or not sent, per second.</param>
/// <param name="P50">Median latency.</param>
/// <param name="P99">Latency that 99 % did not exceed.</param>
/// <param name="InFlight">Purchases under way at its end.</param>
/// <param name="Lag">The recording lag at its end; null when it is not known.</param>
public sealed record LoadSample(
    TimeSpan At, double? DuePerSecond, double AcknowledgedPerSecond, double FailedPerSecond, TimeSpan P50, TimeSpan P99, int InFlight, TimeSpan? Lag);

/// <summary>The progress of a load.</summary>
/// <param name="Elapsed">Time since its beginning.</param>
/// <param name="Duration">How long it takes.</param>
/// <param name="WarmingUp">Whether figures are not taken yet.</param>
/// <param name="Rate">The rate a search tries at present; null when nothing is searched.</param>
/// <param name="Figures">The figures so far.</param>
/// <param name="Sample">The last whole second.</param>
/// <param name="Lag">The recording lag; null when it is not measured.</param>
public sealed record LoadProgress(
    TimeSpan Elapsed, TimeSpan Duration, bool WarmingUp, double? Rate, TrafficFigures Figures, LoadSample? Sample, LagFigures? Lag);

/// <summary>Observes a load test while it runs. Calls are sequential.</summary>
public interface ILoadTestObserver
{
    /// <summary>Reports the progress of the load; several times a second.</summary>
    void Progress(LoadProgress progress);

    /// <summary>A search has tried a rate.</summary>
    void RateTried(SearchStep tried);

    /// <summary>Reports the progress of the verification, which waits for histories and reads them; about once a second.</summary>
    /// <param name="done">Users whose history has been read.</param>
    /// <param name="users">All users.</param>
    void Verifying(int done, int users);
}
