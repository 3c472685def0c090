using MongoDB.Bson;
using MongoDB.Driver;
using ShoppingSystem.AppHost.Tests.Cluster;
using ShoppingSystem.AppHost.Tests.Support;
using ShoppingSystem.MongoDB;

namespace ShoppingSystem.AppHost.Tests.MongoDB;

/// <summary>
/// A MongoDB to test with: the cluster's, or the one that the environment variable <c>SHOPPING_TEST_MONGODB</c> names by its
/// connection string.
/// </summary>
internal static class MongoServer
{
    private static readonly string? Given = Environment.GetEnvironmentVariable("SHOPPING_TEST_MONGODB");

    public static string? WhyNot => Given is { Length: > 0 } ? null : ContainerRuntime.WhyNot;

    /// <summary>An empty database with the indexes of the adapter's start; drop it when done.</summary>
    public static async Task<IMongoDatabase> NewDatabaseAsync(ClusterShop cluster)
    {
        var connectionString = Given is { Length: > 0 } ? Given : await (await cluster.StartedAsync()).ConnectionStringAsync("mongodb");
        var client = new MongoClient(MongoClientSettings.FromConnectionString(connectionString).ForPurchases());
        var database = client.GetDatabase($"test-{Guid.NewGuid():N}");
        foreach (var (collection, keys) in new[] { (PurchaseDocument.Collection, PurchaseDocument.Index), (DeadLetterDocument.Collection, DeadLetterDocument.Index) })
        {
            await database.GetCollection<BsonDocument>(collection).Indexes.CreateOneAsync(new CreateIndexModel<BsonDocument>(keys));
        }

        return database;
    }

    public static Task DropAsync(this IMongoDatabase database) => database.Client.DropDatabaseAsync(database.DatabaseNamespace.DatabaseName);
}

/// <summary>A test that needs MongoDB; skipped where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MongoFactAttribute : FactAttribute
{
    public MongoFactAttribute() => Skip = MongoServer.WhyNot;
}

/// <summary><see cref="MongoFactAttribute"/> with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MongoTheoryAttribute : TheoryAttribute
{
    public MongoTheoryAttribute() => Skip = MongoServer.WhyNot;
}
