using System.Diagnostics;

namespace ShoppingSystem.LoadTest;

/// <summary>Runs load tests: the tool without its command line and its display.</summary>
public sealed class LoadTestRun
{
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan SampleEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestCatchUp = TimeSpan.FromMinutes(2);

    private readonly LoadPlan _plan;
    private readonly ILoadTestObserver _observer;
    private readonly CancellationToken _stop;
    private readonly CancellationToken _abort;
    private readonly BuyRequests _requests;
    private readonly Receipts? _receipts;
    private readonly List<LoadSample> _samples = [];
    private readonly long _begun = Stopwatch.GetTimestamp();
    private long _usedNumbers;

    private LoadTestRun(LoadPlan plan, ILoadTestObserver observer, CancellationToken stop, CancellationToken abort)
    {
        (_plan, _observer, _stop, _abort) = (plan, observer, stop, abort);
        _requests = new BuyRequests(new Uri(plan.Url, "api/v1/buy"), plan.UserPrefix, plan.Users);
        _receipts = plan.VerifyWithin is null ? null : new Receipts();
    }

    /// <summary>Runs the load, measures, and verifies if the plan says so.</summary>
    /// <param name="plan">The settings.</param>
    /// <param name="observer">Gets the progress.</param>
    /// <param name="stop">Ends the load early. Purchases under way are finished, verified and reported.</param>
    /// <param name="abort">Also cancels purchases under way and the verification.</param>
    public static Task<LoadTestResult> RunAsync(
        LoadPlan plan, ILoadTestObserver observer, CancellationToken stop = default, CancellationToken abort = default) =>
        new LoadTestRun(plan, observer, stop, abort).RunAsync();

    private async Task<LoadTestResult> RunAsync()
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false })
        {
            Timeout = TimeSpan.FromSeconds(30),
        };
        var histories = new Histories(http, _plan.Url);
        var probe = _plan.MeasureLag ? new LagProbe(http, histories, _plan, _requests.UserIdPrefix + "lag-probe") : null;

        var startedAt = DateTimeOffset.UtcNow;
        var cpuBefore = Environment.CpuUsage.TotalTime;
        using var probing = CancellationTokenSource.CreateLinkedTokenSource(_stop);
        var probeRun = probe?.RunAsync(probing.Token) ?? Task.CompletedTask;

        var steps = new List<SearchStep>();
        double? highest = null;
        TrafficFigures figures;
        if (_plan.Search is { } search)
        {
            highest = await new RateSearch(search.From).RunAsync(rate => TryRateAsync(search, rate, steps, probe), _stop);
            figures = (steps.FindLast(step => step.Passed && step.Rate == highest) ?? steps.LastOrDefault())?.Figures ?? new();
        }
        else
        {
            figures = await PutOnAsync(WithWarmUp(_plan.Load, _plan.WarmUp), _plan.WarmUp, rate: null, probe, _ => false);
        }

        var cpu = Environment.CpuUsage.TotalTime - cpuBefore;
        await probing.CancelAsync();
        await probeRun;

        return new LoadTestResult
        {
            RunId = _requests.RunId,
            UserIdPrefix = _requests.UserIdPrefix,
            Plan = _plan,
            StartedAt = startedAt,
            Stopped = _stop.IsCancellationRequested,
            Traffic = figures,
            Steps = steps,
            HighestRate = highest,
            Lag = probe?.Figures(),
            Samples = _samples,
            GeneratorCpu = cpu,
            GeneratorPurchases = _usedNumbers,
            Verification = await VerifyAsync(histories),
        };
    }

    private async Task<bool> TryRateAsync(SearchPlan search, double rate, List<SearchStep> steps, LagProbe? probe)
    {
        var load = OpenLoad.Steady(rate, search.Step);
        var mayFail = load.Count / 100;
        TimeSpan? longestLag = null;
        var figures = await PutOnAsync(WithWarmUp(load, search.Settle), search.Settle, rate, probe, HasFailed);

        var passed = !HasFailed(figures) && figures.LatencyOfAll(99) <= search.P99 && figures.Acknowledged > 0;
        if (!_stop.IsCancellationRequested)
        {
            steps.Add(new(rate, passed, figures, longestLag));
            _observer.RateTried(steps[^1]);
        }

        await CatchUpAsync(search.MaxLag, probe);
        return passed;

        // A rate that can't pass any more need not run to its end.
        bool HasFailed(TrafficFigures soFar)
        {
            var lag = probe?.Figures();
            if (lag is { Problem: null } && lag.Current > longestLag.GetValueOrDefault())
            {
                longestLag = lag.Current;
            }

            return soFar.Failed + soFar.NotSent + soFar.Latency.CountAbove(search.P99) > mayFail || IsBehind(lag, search.MaxLag);
        }
    }

    // Waits until the backlog of a rate that was too high is recorded, before the next rate is tried.
    private async Task CatchUpAsync(TimeSpan? maxLag, LagProbe? probe)
    {
        var started = Stopwatch.GetTimestamp();
        while (IsBehind(probe?.Figures(), maxLag) && Stopwatch.GetElapsedTime(started) < LongestCatchUp && !_stop.IsCancellationRequested)
        {
            await Task.Delay(ProgressEvery, _stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static bool IsBehind(LagFigures? lag, TimeSpan? maxLag) => maxLag is not null && (lag is not { Problem: null } || lag.Current > maxLag);

    private async Task<TrafficFigures> PutOnAsync(
        Load load, TimeSpan measuredFrom, double? rate, LagProbe? probe, Func<TrafficFigures, bool> isDecided)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_stop);
        var traffic = new Traffic(_plan, load, measuredFrom, _requests, _receipts, _usedNumbers, end.Token, _abort);
        var running = traffic.RunAsync();

        var before = traffic.Figures();
        var (sampledAt, sample) = (TimeSpan.Zero, default(LoadSample));
        while (await Task.WhenAny(running, Task.Delay(ProgressEvery, CancellationToken.None)) != running)
        {
            var (now, figures, lag) = (traffic.Now, traffic.Figures(), probe?.Figures());
            if (now - sampledAt >= SampleEvery)
            {
                TakeSample(now, figures, lag);
            }

            _observer.Progress(new(now, load.Duration, now < measuredFrom, rate, figures, sample, lag));
            if (now >= measuredFrom && isDecided(figures))
            {
                await end.CancelAsync();
            }
        }

        _usedNumbers = traffic.NextNumber;
        await running;
        var total = traffic.Figures();
        TakeSample(traffic.Now, total, probe?.Figures());
        return total;

        void TakeSample(TimeSpan now, TrafficFigures figures, LagFigures? lag)
        {
            var isWhole = now <= load.Duration && sampledAt >= measuredFrom && !end.IsCancellationRequested;
            sample = Sample(load, now, now - sampledAt, isWhole, figures, before, lag);
            _samples.Add(sample);
            (before, sampledAt) = (figures, now);
        }
    }

    private LoadSample Sample(
        Load load, TimeSpan now, TimeSpan length, bool isWhole, TrafficFigures figures, TrafficFigures before, LagFigures? lag)
    {
        var latency = figures.Latency.Since(before.Latency);
        return new LoadSample
        {
            At = now,
            SinceStart = Stopwatch.GetElapsedTime(_begun),
            Length = length,
            Whole = isWhole,
            DuePerSecond = load is OpenLoad open ? (open.DueWithin(now) - open.DueWithin(now - length)) / length.TotalSeconds : null,
            AcknowledgedPerSecond = latency.Count / length.TotalSeconds,
            FailedPerSecond = (figures.Failed + figures.NotSent - before.Failed - before.NotSent) / length.TotalSeconds,
            P50 = latency.Percentile(50),
            P99 = latency.Percentile(99),
            Max = latency.Max,
            InFlight = figures.InFlight,
            Lag = lag is { Problem: null } ? lag.Current : null,
            Errors = figures.ErrorsSince(before),
        };
    }

    private static Load WithWarmUp(Load load, TimeSpan warmUp) => load switch
    {
        ClosedLoad closed => closed with { Length = closed.Length + warmUp },
        OpenLoad open => open.After(warmUp),
        _ => throw new UnreachableException(),
    };

    private async Task<Verification?> VerifyAsync(Histories histories)
    {
        if (_receipts is null || _plan.VerifyWithin is not { } deadline)
        {
            return null;
        }

        var verifier = new Verifier(histories, _requests, _receipts, _usedNumbers, deadline);
        return await verifier.RunAsync(done => _observer.Verifying(done, _plan.Users), _abort);
    }
}
