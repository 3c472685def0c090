using Spectre.Console;
using Spectre.Console.Rendering;

namespace ShoppingSystem.LoadTest;

/// <summary>A live view of the load for a terminal, drawn several times a second.</summary>
internal sealed class TerminalDisplay : ILoadTestObserver
{
    private const int BarWidth = 40;
    private const int ShownSeconds = 8;

    private readonly LiveDisplayContext _context;
    private readonly List<SearchStep> _steps = [];
    private readonly Queue<LoadSample> _samples = [];
    private LoadProgress? _progress;
    private string? _verifying;

    private TerminalDisplay(LiveDisplayContext context) => _context = context;

    /// <summary>Runs <paramref name="work"/> while the display is on.</summary>
    public static Task<T> RunAsync<T>(IAnsiConsole console, Func<ILoadTestObserver, Task<T>> work) =>
        console.Live(new Markup("[grey]starting[/]")).StartAsync(context => work(new TerminalDisplay(context)));

    public void Progress(LoadProgress progress)
    {
        if (progress.Sample is { } sample && sample != _progress?.Sample)
        {
            _samples.Enqueue(sample);
            if (_samples.Count > ShownSeconds)
            {
                _samples.Dequeue();
            }
        }

        _progress = progress;
        Draw();
    }

    public void RateTried(SearchStep tried)
    {
        _steps.Add(tried);
        Draw();
    }

    public void Verifying(int done, int users)
    {
        _verifying = $"verifying: the histories of {done:N0} of {users:N0} users are read";
        Draw();
    }

    private void Draw() => _context.UpdateTarget(new Rows(Parts()));

    private IEnumerable<IRenderable> Parts()
    {
        foreach (var step in _steps)
        {
            yield return new Markup($"[{(step.Passed ? "green" : "red")}]{Text.Step(step).EscapeMarkup()}[/]");
        }

        if (_progress is { } progress)
        {
            yield return new Markup(ProgressLine(progress));
            yield return Figures(progress);
            yield return Seconds();
        }

        if (_verifying is not null)
        {
            yield return new Markup($"[blue]{_verifying}[/]");
        }
    }

    private static string ProgressLine(LoadProgress progress)
    {
        var done = (int)Math.Clamp(BarWidth * (progress.Elapsed / progress.Duration), 0, BarWidth);
        var what = progress switch
        {
            { WarmingUp: true } => "warming up",
            { Elapsed: var elapsed, Duration: var duration } when elapsed >= duration => "finishing what is under way",
            { Rate: { } rate } => $"trying {rate:N0}/s",
            _ => "buying",
        };
        return $"[green]{new string('━', done)}[/][grey]{new string('━', BarWidth - done)}[/] "
            + $"{Duration.Format(progress.Elapsed)} of {Duration.Format(progress.Duration)}, {what}";
    }

    private static Table Figures(LoadProgress progress)
    {
        var figures = progress.Figures;
        var table = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "");
        Row("acknowledged", $"{figures.Acknowledged:N0} ({figures.AcknowledgedPerSecond:N0}/s)");
        Row("in flight", $"{figures.InFlight:N0} on {figures.Connections:N0} connections");
        Row("latency", string.Join("  ", new[] { 50, 90, 99, 99.9, 99.99 }.Select(p => $"p{p} {Duration.Format(figures.Latency.Percentile(p))}"))
            + $"  max {Duration.Format(figures.Latency.Max)}");
        if (progress.Lag is { } lag)
        {
            Row("recording lag", $"{Text.Lag(lag)} (p99 {Duration.Format(lag.Lag.Percentile(99))})");
        }

        if (figures.Failed + figures.NotSent is > 0 and var failed)
        {
            Row("failed", $"{failed:N0}, {figures.NotSent:N0} of them not sent", "red");
        }

        if (figures.Retries > 0)
        {
            Row("retries", $"{figures.Retries:N0}");
        }

        if (figures.Errors.Count > 0)
        {
            Row("failed attempts", Text.Errors(figures), "red");
        }

        return table;

        void Row(string name, string value, string color = "default") =>
            table.AddRow($"[grey]{name}[/]", $"[{color}]{value.EscapeMarkup()}[/]");
    }

    private Table Seconds()
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in new[] { "time", "due/s", "acknowledged/s", "failed/s", "p50", "p99", "in flight", "lag" })
        {
            table.AddColumn(new TableColumn($"[grey]{column}[/]").RightAligned());
        }

        foreach (var s in _samples)
        {
            table.AddRow(
                Duration.Format(s.At), s.DuePerSecond?.ToString("N0") ?? "", $"{s.AcknowledgedPerSecond:N0}", $"{s.FailedPerSecond:N0}",
                Duration.Format(s.P50), Duration.Format(s.P99), $"{s.InFlight:N0}", s.Lag is { } lag ? Duration.Format(lag) : "");
        }

        return table;
    }
}
