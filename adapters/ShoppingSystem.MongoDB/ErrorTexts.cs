using System.Text.RegularExpressions;
using MongoDB.Driver;

namespace ShoppingSystem.MongoDB;

/// <summary>
/// Short descriptions of failures. The server's own text quotes the command or the key, and with it names and user ids; for a
/// batch it does so for every write. Logs and readiness, which anybody may read, get the error's name and number.
/// </summary>
internal static partial class ErrorTexts
{
    /// <summary>Returns the driver's answer, or throws its failure in short form.</summary>
    /// <exception cref="MongoException">The server, or a connection to it, failed.</exception>
    /// <exception cref="TimeoutException">No server can be reached, or it does not answer.</exception>
    public static async Task<T> ShortenAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException(Describe(e), e);
        }
        catch (MongoServerException e)
        {
            // Without the driver's exception as the inner one: a logger would write that one, too.
            throw new MongoException(Describe(e));
        }
    }

    /// <summary>The part of a failure that an operator needs.</summary>
    public static string Describe(Exception e) => e switch
    {
        // The driver's own text is a page about every server that it tried.
        TimeoutException => "MongoDB can't be reached",
        MongoBulkWriteException { WriteErrors: { Count: > 0 } errors } =>
            $"MongoDB refused {(errors.Count == 1 ? "a write" : $"{errors.Count} writes")} of a batch, the first with {ServerErrors.Describe(errors[0].Code)}",
        MongoBulkWriteException { WriteConcernError: { } error } => NotDurable(error.Code, error.CodeName),
        MongoWriteException { WriteError: { } error } => $"MongoDB refused a write: {ServerErrors.Describe(error.Code)}",
        MongoWriteException { WriteConcernError: { } error } => NotDurable(error.Code, error.CodeName),
        MongoWriteConcernException { WriteConcernResult: { } } concern => NotDurable(concern.Code, concern.CodeName),
        MongoCommandException command => $"MongoDB answered with {ServerErrors.Describe(command.Code, command.CodeName)}",
        MongoServerException => $"MongoDB answered with an error ({e.GetType().Name})",
        _ => e.Message,
    };

    /// <summary>Why the server refuses a document.</summary>
    public static string Describe(BulkWriteError error) => Index().Match(error.Message) is { Success: true } index
        ? $"{ServerErrors.Describe(error.Code)} by the index {index.Groups[1].ValueSpan}"
        : ServerErrors.Describe(error.Code);

    private static string NotDurable(int code, string? name) =>
        $"MongoDB has not confirmed a write to a journaled majority: {ServerErrors.Describe(code, name)}";

    /// <summary>The name of the index in the text of a duplicate key error; the key itself comes after it.</summary>
    [GeneratedRegex("^E11000 duplicate key error collection: [^ ]+ index: ([^ ]{1,127}) ", RegexOptions.CultureInvariant)]
    private static partial Regex Index();
}
