namespace ShoppingSystem.LoadTest;

/// <summary>The settings of a load test.</summary>
public sealed record LoadPlan
{
    /// <summary>The web server.</summary>
    public Uri Url { get; init; } = new("http://localhost:8081");

    /// <summary>When purchases start; in a search, the load that it starts with.</summary>
    public required Load Load { get; init; }

    /// <summary>How to search for the highest rate; null to run <see cref="Load"/> once.</summary>
    public SearchPlan? Search { get; init; }

    /// <summary>How long the load runs before figures are taken. Purchases of this time are verified, too.</summary>
    public TimeSpan WarmUp { get; init; }

    /// <summary>How many users buy.</summary>
    public int Users { get; init; } = 100;

    /// <summary>The prefix of user ids; the id of the run follows, so that no two runs share users.</summary>
    public string UserPrefix { get; init; } = "load";

    /// <summary>The most purchases under way at a time, each on its own connection. Further purchases that are due wait.</summary>
    public int MaxInFlight { get; init; } = 1000;

    /// <summary>The timeout of a reply; also, how long a purchase may wait for a free connection before it counts as not sent.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a failed purchase is retried under its idempotency key; null for no retry.</summary>
    public TimeSpan? RetryFor { get; init; }

    /// <summary>How long the recorder may take after the load until every purchase is in its history; null for no verification.</summary>
    public TimeSpan? VerifyWithin { get; init; }

    /// <summary>Whether to measure how long an acknowledged purchase takes to show up in the history.</summary>
    public bool MeasureLag { get; init; } = true;

    /// <summary>The most purchases under way at a time in this load.</summary>
    internal int Lanes => Load is ClosedLoad closed ? closed.Connections : MaxInFlight;
}

/// <summary>How to search for the highest rate.</summary>
/// <param name="From">The first rate, purchases per second.</param>
/// <param name="P99">A rate passes when 99 % of its purchases are acknowledged within this time; a failed purchase never is.</param>
/// <param name="Settle">How long a rate runs before it is measured.</param>
/// <param name="Step">How long it is measured.</param>
/// <param name="MaxLag">
/// In addition, a rate passes only when the recording lag never exceeds this; null to check acknowledgements only. Needs
/// <see cref="LoadPlan.MeasureLag"/>.
/// </param>
public sealed record SearchPlan(double From, TimeSpan P99, TimeSpan Settle, TimeSpan Step, TimeSpan? MaxLag = null);
