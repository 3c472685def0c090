using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>The commands that check whether the server answers, and ask for its version and build.</summary>
internal static class Diagnostics
{
    public static BsonDocument Ping(Call call)
    {
        call.Allow();
        return [];
    }

    public static BsonDocument BuildInfo(Call call)
    {
        call.Allow();
        return new BsonDocument
        {
            { "version", "8.0.0" },
            { "versionArray", new BsonArray { 8, 0, 0, 0 } },
            { "gitVersion", "a stand-in: ShoppingSystem.MockMongo" },
            { "maxBsonObjectSize", Handshake.MaxDocumentSize },
        };
    }
}
