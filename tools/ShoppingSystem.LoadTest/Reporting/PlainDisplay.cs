namespace ShoppingSystem.LoadTest;

/// <summary>One line per second, for output that is not a terminal.</summary>
internal sealed class PlainDisplay(TextWriter output) : ILoadTestObserver
{
    private LoadSample? _printed;

    public void Progress(LoadProgress progress)
    {
        if (progress.Sample is not { } sample || sample == _printed)
        {
            return;
        }

        _printed = sample;
        var (figures, lag) = (progress.Figures, progress.Lag is null ? "" : $", lag {Text.Lag(progress.Lag)}");
        Line($"{Duration.Format(sample.At),8}{(progress.WarmingUp ? " warm-up" : "")}: {sample.AcknowledgedPerSecond:N0}/s"
            + $"{(sample.DuePerSecond is { } due ? $" of {due:N0}/s" : "")}, acknowledged {figures.Acknowledged:N0}"
            + $", failed {figures.Failed + figures.NotSent:N0}, in flight {figures.InFlight:N0}"
            + $", p50 {Duration.Format(sample.P50)}, p99 {Duration.Format(sample.P99)}{lag}"
            + (figures.Errors.Count > 0 ? $", attempts failed: {Text.Errors(figures)}" : ""));
    }

    public void RateTried(SearchStep tried) => Line($"search: {Text.Step(tried)}");

    public void Verifying(int done, int users) => Line($"verifying: the histories of {done:N0} of {users:N0} users are read");

    private void Line(string line) => output.WriteLine(line);
}
