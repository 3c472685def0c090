using System.Text.Json;
using System.Text.Json.Serialization;

namespace ShoppingSystem.LoadTest;

/// <summary>The result as JSON, for scripts: rates per second, durations in milliseconds.</summary>
internal static class JsonReport
{
    /// <summary>Writes the report, if a file is named; an existing file is replaced.</summary>
    public static async Task WriteAsync(string? file, LoadTestResult result, CancellationToken cancel = default)
    {
        if (file is null)
        {
            return;
        }

        await using var stream = File.Create(file);
        await JsonSerializer.SerializeAsync(stream, From(result), ReportJson.Default.ReportDocument, cancel);
    }

    internal static ReportDocument From(LoadTestResult result) => new(
        result.RunId,
        result.StartedAt,
        result.Stopped,
        result.Plan.Url,
        result.UserIdPrefix,
        result.Plan.Users,
        Figures(result.Traffic),
        result.Lag is { Lag: { Count: > 0 } lag } ? Latency(lag) : null,
        result.Plan.Search is { } search
            ? new(search.P99.TotalMilliseconds, search.MaxLag?.TotalMilliseconds, result.HighestRate, [.. result.Steps.Select(Step)])
            : null,
        [.. result.Samples.Select(sample => new ReportSecond(
            Math.Round(sample.At.TotalSeconds, 3), sample.DuePerSecond, sample.AcknowledgedPerSecond, sample.FailedPerSecond,
            sample.P50.TotalMilliseconds, sample.P99.TotalMilliseconds, sample.InFlight, sample.Lag?.TotalMilliseconds))],
        new(result.GeneratorPurchases, result.GeneratorCpu.TotalMilliseconds),
        result.Verification is { } v
            ? new(v.Passed, v.Complete, v.Acknowledged, v.Found, v.Lost, v.Doubled, v.Altered, v.Foreign, v.Unchecked, v.Unacknowledged, v.Elapsed.TotalMilliseconds, v.Examples)
            : null);

    private static ReportStep Step(SearchStep step) => new(step.Rate, step.Passed, step.Lag?.TotalMilliseconds, Figures(step.Figures));

    private static ReportFigures Figures(TrafficFigures figures) => new(
        Math.Round(figures.Elapsed.TotalSeconds, 3), figures.Acknowledged, figures.AcknowledgedPerSecond, figures.Failed, figures.NotSent,
        figures.Waited, figures.Retries, figures.Connections, figures.Errors, Latency(figures.Latency), Latency(figures.StartDelay));

    private static ReportLatency Latency(LatencyHistogram times)
    {
        return new(
            times.Count, times.Mean.TotalMilliseconds, At(50), At(75), At(90), At(95), At(99), At(99.9), At(99.99), times.Max.TotalMilliseconds);

        double At(double percent) => times.Percentile(percent).TotalMilliseconds;
    }
}

internal sealed record ReportDocument(
    string RunId, DateTimeOffset StartedAt, bool Stopped, Uri Url, string UserIdPrefix, int Users, ReportFigures Purchases,
    ReportLatency? RecordingLagMs, ReportSearch? Search, IReadOnlyList<ReportSecond> Seconds, ReportGenerator Generator,
    ReportVerification? Verification);

internal sealed record ReportFigures(
    double ElapsedSeconds, long Acknowledged, double AcknowledgedPerSecond, long Failed, long NotSent, long Waited, long Retries,
    int Connections, IReadOnlyDictionary<string, long> Errors, ReportLatency LatencyMs, ReportLatency StartDelayMs);

internal sealed record ReportLatency(
    long Count, double Mean, double P50, double P75, double P90, double P95, double P99,
    [property: JsonPropertyName("p99.9")] double P999, [property: JsonPropertyName("p99.99")] double P9999, double Max);

internal sealed record ReportSearch(double P99LimitMs, double? LagLimitMs, double? HighestRate, IReadOnlyList<ReportStep> Steps);

internal sealed record ReportStep(double Rate, bool Passed, double? LagMs, ReportFigures Purchases);

internal sealed record ReportSecond(
    double At, double? DuePerSecond, double AcknowledgedPerSecond, double FailedPerSecond, double P50Ms, double P99Ms, int InFlight, double? LagMs);

internal sealed record ReportGenerator(long Purchases, double CpuMs);

internal sealed record ReportVerification(
    bool Passed, bool Complete, long Acknowledged, long Found, long Lost, long Doubled, long Altered, long Foreign, long Unchecked,
    long Unacknowledged, double ElapsedMs, IReadOnlyList<string> Examples);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ReportDocument))]
internal sealed partial class ReportJson : JsonSerializerContext;
