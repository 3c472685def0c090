namespace ShoppingSystem.MongoDB;

internal static class Trouble
{
    /// <summary>
    /// What an operator needs to read of a failure. The driver's own text, when it found no server, is a page about every one
    /// that it tried.
    /// </summary>
    public static string Describe(Exception e) => e is TimeoutException ? "MongoDB can't be reached" : e.Message;

    /// <summary>The same failure under a message that readiness can show to anybody; the driver's own has stack traces in it.</summary>
    public static TimeoutException InShort(TimeoutException e) => new(Describe(e), e);
}
