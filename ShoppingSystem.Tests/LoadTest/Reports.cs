using ShoppingSystem.LoadTest;

namespace ShoppingSystem.Tests.LoadTest;

/// <summary>Reports of runs that nobody made.</summary>
internal static class Reports
{
    /// <summary>Ten seconds of 100 purchases each, in which nothing failed, and a last part of a second with a lower rate.</summary>
    public static ReportDocument Calm() => new(
        ReportDocument.CurrentVersion, "0badcafe", new DateTimeOffset(2026, 5, 4, 3, 2, 1, TimeSpan.Zero), false, new Uri("http://shop.example/"),
        ["--rate", "100", "--duration", "10s"], 10, 0, "load-0badcafe-", 100, Figures(1017), Latency(20, 7), null, null,
        [.. Enumerable.Range(1, 10).Select(Second), Second(11) with { Whole = false, AcknowledgedPerSecond = 34, LengthSeconds = 0.5, SinceStart = 10.5, At = 10.5 }],
        new(1017, 50), null);

    /// <summary>The same, verified.</summary>
    public static ReportDocument Verified() => Calm() with { Verification = new(true, true, 1017, 1017, 0, 0, 0, 0, 0, 0, 1200, []) };

    /// <summary>The same with attempts that failed in every second and altogether.</summary>
    public static ReportDocument WithErrors(ReportDocument report, params (string Kind, long Count)[] errors) => report with
    {
        Purchases = report.Purchases with { Failed = errors.Sum(error => error.Count) * report.Seconds.Count, Errors = Counted(errors, report.Seconds.Count) },
        Seconds = [.. report.Seconds.Select(second => second with { Errors = Counted(errors, 1) })],
    };

    private static Dictionary<string, long> Counted((string Kind, long Count)[] errors, int times) =>
        errors.ToDictionary(error => error.Kind, error => error.Count * times);

    private static ReportFigures Figures(long acknowledged) => new(
        10, acknowledged, acknowledged / 10.0, 0, 0, 0, 0, 8, new Dictionary<string, long>(), Latency(acknowledged, 2), Latency(acknowledged, 0.1),
        acknowledged / 10.0, 2, 8);

    private static ReportLatency Latency(long count, double median) =>
        new(count, median * 1.5, median, median * 1.25, median * 2, median * 3, median * 4, median * 8, median * 16, median * 16.5);

    private static ReportSecond Second(int number) =>
        new(number, 100, 100 + number % 2, 0, 2 + number % 3 / 10.0, 8, 1, 7, number, 1, true, 33, new Dictionary<string, long>());
}
