namespace ShoppingSystem.LoadTest;

/// <summary>
/// Finds the highest rate that a system can sustain. First it doubles the rate until the system fails (or halves it until the system
/// passes), then it halves the gap between the highest rate that passed and the lowest that failed, until the gap is small.
/// A rate has failed only when it failed twice, so that one hiccup of the machine does not decide.
/// </summary>
/// <param name="from">The first rate, per second.</param>
internal sealed class RateSearch(double from)
{
    /// <summary>The search ends when the lowest rate that failed is less than this much above the highest that passed.</summary>
    public const double Precision = 0.05;

    private const double Lowest = 1;
    private const double Highest = 10_000_000;

    /// <summary>Tries rates until the highest that passes is known.</summary>
    /// <param name="passes">Tries one rate; true when the system sustained it.</param>
    /// <param name="stop">Ends the search early; then the result is the highest passed rate whose trial was finished.</param>
    /// <returns>The highest rate that passed; null when none did.</returns>
    public async Task<double?> RunAsync(Func<double, Task<bool>> passes, CancellationToken stop)
    {
        double? passed = null;
        double? failed = null;
        while (!stop.IsCancellationRequested && Next(passed, failed) is { } rate)
        {
            var stood = await passes(rate) || (!stop.IsCancellationRequested && await passes(rate));
            if (stop.IsCancellationRequested)
            {
                break; // what was not tried to its end says nothing
            }

            passed = stood ? rate : passed;
            failed = stood ? failed : rate;
        }

        return passed;
    }

    private double? Next(double? passed, double? failed) => (passed, failed) switch
    {
        (null, null) => from,
        ({ } low, null) => low < Highest ? low * 2 : null,
        (null, { } high) => high > Lowest ? high / 2 : null,
        ({ } low, { } high) => high - low > low * Precision ? (low + high) / 2 : null,
    };
}
