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
public sealed record LoadSample
{
    /// <summary>Its end, since the beginning of the load.</summary>
    public required TimeSpan At { get; init; }

    /// <summary>Its end, since the beginning of the run; later than <see cref="At"/> in a search, which puts on one load after another.</summary>
    public required TimeSpan SinceStart { get; init; }

    /// <summary>How long it really was: a second or a little more; the last of a load is shorter.</summary>
    public required TimeSpan Length { get; init; }

    /// <summary>
    /// Whether the load was on and measured for all of it. It was not in the warm-up and where the load ended: the rates of such a second
    /// are lower than those of the load.
    /// </summary>
    public required bool Whole { get; init; }

    /// <summary>Purchases that were to start, per second; null in the closed model.</summary>
    public required double? DuePerSecond { get; init; }

    /// <summary>Purchases acknowledged per second.</summary>
    public required double AcknowledgedPerSecond { get; init; }

    /// <summary>Purchases failed or not sent, per second.</summary>
    public required double FailedPerSecond { get; init; }

    /// <summary>Median latency.</summary>
    public required TimeSpan P50 { get; init; }

    /// <summary>Latency that 99 % did not exceed.</summary>
    public required TimeSpan P99 { get; init; }

    /// <summary>The longest latency.</summary>
    public required TimeSpan Max { get; init; }

    /// <summary>Purchases under way at its end.</summary>
    public required int InFlight { get; init; }

    /// <summary>The recording lag at its end; null when it is not known.</summary>
    public required TimeSpan? Lag { get; init; }

    /// <summary>Attempts that failed in it, by what went wrong.</summary>
    public required IReadOnlyDictionary<string, long> Errors { get; init; }
}

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
