using System.Runtime.CompilerServices;
using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>Runs the commands, one at a time, and injects the faults.</summary>
internal sealed class Dispatcher(Handshake handshake, Faults faults, Journal journal)
{
    private static readonly Dictionary<string, Func<Call, BsonDocument>> Commands = new()
    {
        ["ping"] = Diagnostics.Ping,
        ["buildInfo"] = Diagnostics.BuildInfo,
        ["buildinfo"] = Diagnostics.BuildInfo,
        ["find"] = Reads.Find,
        ["aggregate"] = Reads.Aggregate,
        ["count"] = Reads.Count,
        ["getMore"] = Reads.GetMore,
        ["killCursors"] = Reads.KillCursors,
        ["insert"] = Writes.Insert,
        ["update"] = Writes.Update,
        ["delete"] = Writes.Delete,
        ["findAndModify"] = Writes.FindAndModify,
        ["listDatabases"] = Catalog.ListDatabases,
        ["listCollections"] = Catalog.ListCollections,
        ["create"] = Catalog.Create,
        ["collMod"] = Catalog.Modify,
        ["drop"] = Catalog.Drop,
        ["dropDatabase"] = Catalog.DropDatabase,
        ["createIndexes"] = Catalog.CreateIndexes,
        ["listIndexes"] = Catalog.ListIndexes,
        ["dropIndexes"] = Catalog.DropIndexes,
        ["startSession"] = Sessions.Start,
        ["endSessions"] = Sessions.End,
        ["killSessions"] = Sessions.End,
        ["refreshSessions"] = Sessions.Refresh,
    };

    private readonly Lock _oneAtATime = new();
    private readonly Databases _databases = new();
    private readonly Cursors _cursors = new();
    private readonly RetriedWrites _retriedWrites = new();

    /// <summary>The answers to a request, usually one. Null: the connection is closed instead.</summary>
    public async IAsyncEnumerable<(BsonDocument? Answer, bool More)> AnswerAsync(
        Request request, int connection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await faults.UntilThawedAsync(cancellationToken);
        if (!Handshake.Asks(request))
        {
            journal.Note(request);
            await faults.DelayAsync(cancellationToken);
            yield return (Run(request), false);
            yield break;
        }

        var known = request.Command.TryGetValue("topologyVersion", out var version) ? version.AsBsonDocument : null;
        var wait = TimeSpan.FromMilliseconds(request.Command.GetValue("maxAwaitTimeMS", 0).ToDouble());
        do
        {
            await handshake.UntilNewsAsync(known, wait, cancellationToken);
            await faults.UntilThawedAsync(cancellationToken);
            var answer = handshake.Answer(request, connection);
            known = answer["topologyVersion"].AsBsonDocument;
            yield return (answer, request.MayAnswerOnAndOn);
        }
        while (request.MayAnswerOnAndOn);
    }

    private BsonDocument? Run(Request request)
    {
        lock (_oneAtATime)
        {
            var fault = faults.Take(request);
            if (fault is Fault.LostRequest)
            {
                return null;
            }

            var answer = Answer(request, fault);
            return fault is Fault.LostAnswer ? null : answer;
        }
    }

    private BsonDocument Answer(Request request, Fault? fault)
    {
        var retryable = request.Command.Contains("txnNumber");
        try
        {
            var answer = Carry(request, fault);
            if (fault is Fault.WriteConcernError { Code: var code, Message: var message })
            {
                answer["writeConcernError"] = new BsonDocument
                {
                    { "code", code },
                    { "codeName", ErrorCodes.Name(code) },
                    { "errmsg", message ?? OnDemand(code) },
                };
                TellOfState(answer, code);
                Label(answer, code, retryable);
            }

            return answer.Add("ok", 1.0);
        }
        catch (CommandException e)
        {
            var answer = new BsonDocument { { "ok", 0.0 }, { "errmsg", e.Message }, { "code", e.Code }, { "codeName", ErrorCodes.Name(e.Code) } };
            TellOfState(answer, e.Code);
            Label(answer, e.Code, retryable);
            return answer.AddRange(e.Details);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidCastException or FormatException or OverflowException)
        {
            return new BsonDocument
            {
                { "ok", 0.0 },
                { "errmsg", $"{request.Name} can't be read: {e.Message}" },
                { "code", ErrorCodes.FailedToParse },
                { "codeName", ErrorCodes.Name(ErrorCodes.FailedToParse) },
            };
        }
    }

    private BsonDocument Carry(Request request, Fault? fault)
    {
        if (fault is Fault.CommandError refused)
        {
            throw new CommandException(refused.Code, refused.Message ?? OnDemand(refused.Code));
        }

        if (request.Legacy)
        {
            throw new CommandException(ErrorCodes.UnsupportedOpQueryCommand, $"Unsupported OP_QUERY command: {request.Name}");
        }

        if (!Commands.TryGetValue(request.Name, out var command))
        {
            throw new CommandException(ErrorCodes.CommandNotFound, $"no such command: '{request.Name}'. It is not played here.");
        }

        if (request.Command.Contains("autocommit"))
        {
            throw new CommandException(ErrorCodes.IllegalOperation, "Transactions are not played.");
        }

        var call = new Call(request, fault, _databases, _cursors, _retriedWrites);
        if (RetriedWrites.Of(request) is not { } write)
        {
            return command(call);
        }

        if (_retriedWrites.AnswerOf(write) is { } known)
        {
            return known.DeepClone().AsBsonDocument;
        }

        var answer = command(call);
        _retriedWrites.Remember(write, answer.DeepClone().AsBsonDocument);
        return answer;
    }

    /// <summary>After such an error a driver waits until the server reports its state again.</summary>
    private void TellOfState(BsonDocument answer, int code)
    {
        if (ErrorCodes.IsOfTheState(code))
        {
            handshake.Change();
            answer.Add("topologyVersion", handshake.TopologyVersion);
        }
    }

    private static void Label(BsonDocument answer, int code, bool retryable)
    {
        if (ErrorCodes.Labels(code, retryable) is { } labels)
        {
            answer.Add("errorLabels", labels);
        }
    }

    private static string OnDemand(int code) => $"a fault on demand: {ErrorCodes.Name(code)}";
}
