namespace ShoppingSystem.LoadTest;

/// <summary>Figures in words, the same in every display.</summary>
internal static class Text
{
    /// <summary>The recording lag at present.</summary>
    public static string Lag(LagFigures lag) =>
        lag.Problem is not null || (lag.Lag.Count is 0 && lag.Current == TimeSpan.Zero) ? "unknown" : Duration.Format(lag.Current);

    /// <summary>Failed attempts, by what went wrong.</summary>
    public static string Errors(TrafficFigures figures) =>
        string.Join(", ", figures.Errors.Select(error => $"{error.Value:N0} × {error.Key}"));

    /// <summary>What a search found at one rate.</summary>
    public static string Step(SearchStep step) =>
        $"{step.Rate:N0}/s {(step.Passed ? "passed" : "failed")}: {step.Figures.AcknowledgedPerSecond:N0}/s acknowledged, "
        + $"p99 {OfAll(step.Figures.LatencyOfAll(99)?.TotalMilliseconds)}, {(step.Lag is { } lag ? $"recorded within {Duration.Format(lag)}, " : "")}failed {step.Figures.Failed + step.Figures.NotSent:N0}";

    /// <summary>A latency percentile of all purchases, milliseconds, or that it falls among those that failed.</summary>
    public static string OfAll(double? milliseconds) => milliseconds is { } latency ? Time(latency) : "failed";

    /// <summary>A time in the unit that reads best. What is longer than a histogram can tell is shown as the longest it can.</summary>
    public static string Time(double milliseconds) =>
        Duration.Format(TimeSpan.FromMilliseconds(Math.Clamp(milliseconds, 0, LatencyHistogram.Longest.TotalMilliseconds)));
}
