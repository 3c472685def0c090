namespace ShoppingSystem.MongoDB;

internal static class Trouble
{
    /// <summary>
    /// What an operator needs to read of a failure. The driver's own text, when it found no server, is a page about every one
    /// that it tried.
    /// </summary>
    public static string Describe(Exception e) => e is TimeoutException ? "no server can be reached" : e.Message;
}
