namespace ShoppingSystem.LoadTest;

/// <summary>The exit codes of the tool, for scripts.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>Purchases were lost, doubled or altered, or the history contains purchases that nobody made.</summary>
    public const int NotExactlyOnce = 1;

    /// <summary>The command line was wrong.</summary>
    public const int Usage = 2;

    /// <summary>Not one purchase was acknowledged.</summary>
    public const int NothingAcknowledged = 3;

    /// <summary>Verification was asked for but could not read every history.</summary>
    public const int NotVerified = 4;

    /// <summary>A search found no rate that keeps within the limit.</summary>
    public const int NoRate = 5;

    public static int Of(LoadTestResult result) => result switch
    {
        { Verification.Passed: false } => NotExactlyOnce,
        { Traffic.Acknowledged: 0, Verification: null or { Acknowledged: 0 } } => NothingAcknowledged,
        { Verification.Complete: false } => NotVerified,
        { Plan.Search: not null, HighestRate: null, Stopped: false } => NoRate,
        _ => Ok,
    };
}
