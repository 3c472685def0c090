namespace ShoppingSystem.LoadTest;

/// <summary>Everything that decides what a load test does.</summary>
public sealed record LoadPlan
{
    /// <summary>The web server.</summary>
    public Uri Url { get; init; } = new("http://localhost:8081");

    /// <summary>When purchases start; of a search, what it starts with.</summary>
    public required Load Load { get; init; }

    /// <summary>How to look for the highest rate; null to put on <see cref="Load"/> once.</summary>
    public SearchPlan? Search { get; init; }

    /// <summary>How long the load is on before figures are taken. What is bought then is verified, too.</summary>
    public TimeSpan WarmUp { get; init; }

    /// <summary>How many users buy.</summary>
    public int Users { get; init; } = 100;

    /// <summary>What ids of users begin with; the id of the run follows, so that no two runs share users.</summary>
    public string UserPrefix { get; init; } = "load";

    /// <summary>The most purchases under way at a time, each on its own connection. What is due beyond that waits.</summary>
    public int MaxInFlight { get; init; } = 1000;

    /// <summary>How long a reply may take; also, how long a purchase may wait for a free connection before it counts as not sent.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a failed purchase is tried again under its idempotency key; null for not at all.</summary>
    public TimeSpan? RetryFor { get; init; }

    /// <summary>How long the recorder may take, after the load, until every purchase is in its history; null not to look.</summary>
    public TimeSpan? VerifyWithin { get; init; }

    /// <summary>Whether to measure how long an acknowledged purchase takes to show up in the history.</summary>
    public bool MeasureLag { get; init; } = true;

    /// <summary>The most purchases under way at a time in this load.</summary>
    internal int Lanes => Load is ClosedLoad closed ? closed.Connections : MaxInFlight;
}

/// <summary>How the highest rate is looked for.</summary>
/// <param name="From">The first rate, purchases per second.</param>
/// <param name="P99">A rate passes when 99 % of its purchases are acknowledged within this time; a failed one never is.</param>
/// <param name="Settle">How long a rate is on before it is measured.</param>
/// <param name="Step">How long it is measured.</param>
/// <param name="MaxLag">
/// A rate passes when, besides, the recording lag never exceeds this; null to look at acknowledgements only. Needs
/// <see cref="LoadPlan.MeasureLag"/>.
/// </param>
public sealed record SearchPlan(double From, TimeSpan P99, TimeSpan Settle, TimeSpan Step, TimeSpan? MaxLag = null);
