namespace ShoppingSystem.LoadTest;

/// <summary>Figures in words, the same in every display.</summary>
internal static class Text
{
    /// <summary>The recording lag at present, or why there is none.</summary>
    public static string Lag(LagFigures lag) => lag switch
    {
        { Problem: { } problem } => $"unknown ({problem})",
        { Lag.Count: 0, Current.Ticks: 0 } => "unknown",
        _ => Duration.Format(lag.Current),
    };

    /// <summary>What a search found at one rate.</summary>
    public static string Step(SearchStep step) =>
        $"{step.Rate:N0}/s {(step.Passed ? "passed" : "failed")}: {step.Figures.AcknowledgedPerSecond:N0}/s acknowledged, "
        + $"p99 {Latency(step.Figures, 99)}, failed {step.Figures.Failed + step.Figures.NotSent:N0}";

    /// <summary>A latency percentile of all purchases, or that it falls among those that failed.</summary>
    public static string Latency(TrafficFigures figures, double percent) =>
        figures.LatencyOfAll(percent) is { } latency ? Duration.Format(latency) : "failed";
}
