using System.Text.Json.Serialization;

namespace ShoppingSystem.LoadTest;

/// <summary>
/// The result of a load test as it is reported, built once and shown as tables, as JSON and as a page: rates per second, durations in
/// milliseconds unless the name says seconds.
/// </summary>
internal sealed record ReportDocument(
    int Version, string RunId, DateTimeOffset StartedAt, bool Stopped, Uri Url, IReadOnlyList<string> Arguments, double DurationSeconds,
    double WarmUpSeconds, string UserIdPrefix, int Users, ReportFigures Purchases, ReportLatency? RecordingLagMs, string? RecordingLagProblem,
    ReportSearch? Search, IReadOnlyList<ReportSecond> Seconds, ReportGenerator Generator, ReportVerification? Verification)
{
    /// <summary>The version of what is written: a file of another one can't be compared with.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The report of <paramref name="result"/>.</summary>
    /// <param name="result">What was found.</param>
    /// <param name="arguments">The command line that asked for it.</param>
    public static ReportDocument From(LoadTestResult result, IReadOnlyList<string> arguments) => new(
        CurrentVersion,
        result.RunId,
        result.StartedAt,
        result.Stopped,
        result.Plan.Url,
        arguments,
        result.Plan.Load.Duration.TotalSeconds,
        (result.Plan.Search?.Settle ?? result.Plan.WarmUp).TotalSeconds,
        result.UserIdPrefix,
        result.Plan.Users,
        Figures(result.Traffic, result.Plan.Load),
        result.Lag is { Lag: { Count: > 0 } lag } ? Latency(lag) : null,
        result.Lag?.Problem,
        result.Plan.Search is { } search
            ? new(search.P99.TotalMilliseconds, search.MaxLag?.TotalMilliseconds, result.HighestRate, [.. result.Steps.Select(step => Step(step, result.Plan.Load))])
            : null,
        [.. result.Samples.Select(Second)],
        new(result.GeneratorPurchases, result.GeneratorCpu.TotalMilliseconds),
        result.Verification is { } v
            ? new(v.Passed, v.Complete, v.Acknowledged, v.Found, v.Lost, v.Doubled, v.Altered, v.Foreign, v.Unchecked, v.Unacknowledged, v.Elapsed.TotalMilliseconds, v.Examples)
            : null);

    private static ReportStep Step(SearchStep step, Load load) => new(step.Rate, step.Passed, step.Lag?.TotalMilliseconds, Figures(step.Figures, load));

    private static ReportSecond Second(LoadSample sample) => new(
        Seconds3(sample.At), sample.DuePerSecond, sample.AcknowledgedPerSecond, sample.FailedPerSecond,
        sample.P50.TotalMilliseconds, sample.P99.TotalMilliseconds, sample.InFlight, sample.Lag?.TotalMilliseconds,
        Seconds3(sample.SinceStart), Seconds3(sample.Length), sample.Whole, sample.Max.TotalMilliseconds, sample.Errors);

    private static ReportFigures Figures(TrafficFigures figures, Load load) => new(
        Seconds3(figures.Elapsed), figures.Acknowledged, figures.AcknowledgedPerSecond, figures.Failed, figures.NotSent,
        figures.Waited, figures.Retries, figures.Connections, figures.Errors, Latency(figures.Latency), Latency(figures.StartDelay),
        load is OpenLoad && figures.Elapsed > TimeSpan.Zero ? figures.Decided / figures.Elapsed.TotalSeconds : null,
        figures.LatencyOfAll(50)?.TotalMilliseconds, figures.LatencyOfAll(99)?.TotalMilliseconds);

    private static ReportLatency Latency(LatencyHistogram times)
    {
        return new(
            times.Count, times.Mean.TotalMilliseconds, At(50), At(75), At(90), At(95), At(99), At(99.9), At(99.99), times.Max.TotalMilliseconds);

        double At(double percent) => times.Percentile(percent).TotalMilliseconds;
    }

    private static double Seconds3(TimeSpan time) => Math.Round(time.TotalSeconds, 3);
}

/// <remarks>
/// <see cref="DuePerSecond"/> is null in the closed model. <see cref="P50OfAllMs"/> and <see cref="P99OfAllMs"/> have failed purchases in
/// them, which count as longer than any; they are null where they fall among those.
/// </remarks>
internal sealed record ReportFigures(
    double ElapsedSeconds, long Acknowledged, double AcknowledgedPerSecond, long Failed, long NotSent, long Waited, long Retries,
    int Connections, IReadOnlyDictionary<string, long> Errors, ReportLatency LatencyMs, ReportLatency StartDelayMs,
    double? DuePerSecond, double? P50OfAllMs, double? P99OfAllMs);

internal sealed record ReportLatency(
    long Count, double Mean, double P50, double P75, double P90, double P95, double P99,
    [property: JsonPropertyName("p99.9")] double P999, [property: JsonPropertyName("p99.99")] double P9999, double Max)
{
    /// <summary>The percentiles, percent, lowest first.</summary>
    public static IReadOnlyList<double> Percents { get; } = [50, 75, 90, 95, 99, 99.9, 99.99];

    /// <summary>One of the <see cref="Percents"/>, milliseconds.</summary>
    public double At(double percent) => percent switch
    {
        50 => P50,
        75 => P75,
        90 => P90,
        95 => P95,
        99 => P99,
        99.9 => P999,
        99.99 => P9999,
        _ => throw new ArgumentOutOfRangeException(nameof(percent), percent, "It is not one of those."),
    };
}

internal sealed record ReportSearch(double P99LimitMs, double? LagLimitMs, double? HighestRate, IReadOnlyList<ReportStep> Steps);

internal sealed record ReportStep(double Rate, bool Passed, double? LagMs, ReportFigures Purchases);

/// <remarks>
/// <see cref="At"/> is its end since the beginning of the load, and <see cref="SinceStart"/> since that of the run, seconds. Whether it is
/// <see cref="Whole"/> is said at <see cref="LoadSample.Whole"/>. <see cref="Errors"/> are how many attempts failed in it, by what went wrong.
/// </remarks>
internal sealed record ReportSecond(
    double At, double? DuePerSecond, double AcknowledgedPerSecond, double FailedPerSecond, double P50Ms, double P99Ms, int InFlight, double? LagMs,
    double SinceStart, double LengthSeconds, bool Whole, double MaxMs, IReadOnlyDictionary<string, long> Errors);

internal sealed record ReportGenerator(long Purchases, double CpuMs);

internal sealed record ReportVerification(
    bool Passed, bool Complete, long Acknowledged, long Found, long Lost, long Doubled, long Altered, long Foreign, long Unchecked,
    long Unacknowledged, double ElapsedMs, IReadOnlyList<string> Examples);

[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ReportDocument))]
internal sealed partial class ReportJson : JsonSerializerContext;
