using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>The commands that write documents, several each: the answer has the errors of some beside the results of the others.</summary>
internal static class Writes
{
    private const string Id = "_id";

    public static BsonDocument Insert(Call call)
    {
        call.Allow("documents", "ordered", "bypassDocumentValidation");
        var inserted = 0;
        var errors = EachOf("documents", call, (document, _) =>
        {
            call.GetOrCreate().Insert(document);
            inserted++;
        });
        return Reply(call, new BsonDocument("n", inserted), errors);
    }

    public static BsonDocument Update(Call call)
    {
        call.Allow("updates", "ordered", "bypassDocumentValidation");
        var (matched, modified, upserted) = (0, 0, new BsonArray());
        var errors = EachOf("updates", call, (statement, index) =>
        {
            Call.Allow(statement, "updates", "q", "u", "upsert", "multi", "hint");
            var (filter, update) = (new Filter(statement["q"].AsBsonDocument), new Update(statement["u"]));
            var found = Found(call, filter, statement.GetValue("multi", false).ToBoolean());
            matched += found.Count;
            modified += found.Count(record => Change(call, record, update));
            if (found.Count == 0 && statement.GetValue("upsert", false).ToBoolean())
            {
                var document = update.Insert(filter);
                call.GetOrCreate().Insert(document);
                matched++;
                upserted.Add(new BsonDocument { { "index", index }, { Id, document[Id] } });
            }
        });
        var reply = new BsonDocument { { "n", matched }, { "nModified", modified } };
        return Reply(call, upserted.Count > 0 ? reply.Add("upserted", upserted) : reply, errors);
    }

    public static BsonDocument Delete(Call call)
    {
        call.Allow("deletes", "ordered");
        var deleted = 0;
        var errors = EachOf("deletes", call, (statement, _) =>
        {
            Call.Allow(statement, "deletes", "q", "limit", "hint");
            var found = Found(call, new Filter(statement["q"].AsBsonDocument), all: statement["limit"].ToInt32() == 0);
            found.ForEach(record => call.Existing!.Remove(record));
            deleted += found.Count;
        });
        return Reply(call, new BsonDocument("n", deleted), errors);
    }

    public static BsonDocument FindAndModify(Call call)
    {
        call.Allow("query", "sort", "update", "new", "remove", "upsert", "fields", "bypassDocumentValidation", "hint");
        var filter = new Filter(call.Document("query"));
        var order = new SortOrder(call.Document("sort"));
        var found = Found(call, filter, all: true).OrderBy(record => record.Value, order).Take(1).ToList();
        var (before, after) = (found.Count > 0 ? found[0].Value : null, (BsonDocument?)null);
        var outcome = new BsonDocument("n", found.Count);
        if (call.Flag("remove"))
        {
            found.ForEach(record => call.Existing!.Remove(record));
        }
        else
        {
            var update = new Update(call.Command["update"]);
            if (found.Count > 0)
            {
                after = update.Apply(found[0].Value);
                call.Existing!.Replace(found[0], after);
            }
            else if (call.Flag("upsert"))
            {
                after = update.Insert(filter);
                call.GetOrCreate().Insert(after);
                outcome.Add("upserted", after[Id]);
                outcome["n"] = 1;
            }

            outcome.Add("updatedExisting", found.Count > 0);
        }

        var shown = call.Flag("new") ? after : before;
        var fields = call.Document("fields");
        shown = shown is not null && fields.ElementCount > 0 ? new Projection(fields).Apply(shown) : shown;
        return Reply(call, new BsonDocument { { "lastErrorObject", outcome }, { "value", (BsonValue?)shown ?? BsonNull.Value } }, []);
    }

    private static List<KeyValuePair<long, BsonDocument>> Found(Call call, Filter filter, bool all)
    {
        var found = call.Existing?.Find(filter) ?? [];
        return [.. all ? found : found.Take(1)];
    }

    private static bool Change(Call call, KeyValuePair<long, BsonDocument> record, Update update)
    {
        var changed = update.Apply(record.Value);
        if (changed == record.Value)
        {
            return false;
        }

        call.Existing!.Replace(record, changed);
        return true;
    }

    /// <summary>Runs each statement; the first error of an ordered write ends it.</summary>
    private static BsonArray EachOf(string statements, Call call, Action<BsonDocument, int> write)
    {
        var errors = new BsonArray();
        var index = 0;
        foreach (var statement in call.Command[statements].AsBsonArray.Cast<BsonDocument>())
        {
            try
            {
                if (call.Fault is Fault.WriteErrors fault && fault.Meets(index))
                {
                    throw new CommandException(fault.Code, fault.Message ?? $"a fault on demand: {ErrorCodes.Name(fault.Code)}");
                }

                write(statement, index);
            }
            catch (CommandException e)
            {
                errors.Add(new BsonDocument { { "index", index }, { "code", e.Code } }.AddRange(e.Details).Add("errmsg", e.Message));
                if (call.Flag("ordered", byDefault: true))
                {
                    break;
                }
            }

            index++;
        }

        return errors;
    }

    private static BsonDocument Reply(Call call, BsonDocument reply, BsonArray errors)
    {
        if (errors.Count > 0)
        {
            reply.Add("writeErrors", errors);
        }

        // There is only one member, so no more can acknowledge it.
        if (call.Document("writeConcern").TryGetValue("w", out var members) && members.IsNumeric && members.ToInt32() > 1)
        {
            reply.Add("writeConcernError", new BsonDocument
            {
                { "code", ErrorCodes.UnsatisfiableWriteConcern },
                { "codeName", ErrorCodes.Name(ErrorCodes.UnsatisfiableWriteConcern) },
                { "errmsg", "Not enough data-bearing nodes" },
            });
        }

        return reply;
    }
}
