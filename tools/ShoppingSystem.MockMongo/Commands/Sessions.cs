using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>The commands about sessions. A session exists once a command names it.</summary>
internal static class Sessions
{
    public static BsonDocument Start(Call call)
    {
        call.Allow();
        return new BsonDocument
        {
            { "id", new BsonDocument("id", new BsonBinaryData(Guid.NewGuid(), GuidRepresentation.Standard)) },
            { "timeoutMinutes", Handshake.SessionTimeoutMinutes },
        };
    }

    public static BsonDocument End(Call call)
    {
        call.Allow();
        foreach (var session in call.Command[0].AsBsonArray)
        {
            call.RetriedWrites.Forget(session);
        }

        return [];
    }

    public static BsonDocument Refresh(Call call)
    {
        call.Allow();
        return [];
    }
}
