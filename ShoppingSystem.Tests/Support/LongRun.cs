namespace ShoppingSystem.Tests.Support;

/// <summary>
/// Tests of faults are short by default. Set <c>SHOPPING_TEST_LONG=true</c> for runs of several minutes, which their
/// summaries describe.
/// </summary>
internal static class LongRun
{
    private static readonly bool IsWanted = Environment.GetEnvironmentVariable("SHOPPING_TEST_LONG") is "true" or "1";

    /// <summary>One of the two.</summary>
    public static T Or<T>(T usually, T inALongRun) => IsWanted ? inALongRun : usually;
}
