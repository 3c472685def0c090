using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>
/// The answer to the last write of each session. If the same write arrives again, by session and number, it gets that answer and is
/// not run again.
/// </summary>
internal sealed class RetriedWrites
{
    private readonly Dictionary<BsonValue, (long Number, BsonDocument Answer)> _last = [];

    /// <summary>The session and the number of a write that may be retried; null when it may not.</summary>
    public static (BsonValue Session, long Number)? Of(Request request) =>
        request.Command.TryGetValue("lsid", out var session) && request.Command.TryGetValue("txnNumber", out var number)
            ? (session, number.ToInt64())
            : null;

    public BsonDocument? AnswerOf((BsonValue Session, long Number) write)
    {
        if (!_last.TryGetValue(write.Session, out var last) || last.Number < write.Number)
        {
            return null;
        }

        return last.Number == write.Number
            ? last.Answer
            : throw new CommandException(
                ErrorCodes.TransactionTooOld, $"Retryable write with txnNumber {write.Number} is prohibited: a newer one, {last.Number}, has started");
    }

    public void Remember((BsonValue Session, long Number) write, BsonDocument answer) => _last[write.Session] = (write.Number, answer);

    public void Forget(BsonValue session) => _last.Remove(session);
}
