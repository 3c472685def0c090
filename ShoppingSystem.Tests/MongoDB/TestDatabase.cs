using MongoDB.Bson;
using MongoDB.Driver;
using ShoppingSystem.MockMongo;
using ShoppingSystem.MongoDB;

namespace ShoppingSystem.Tests.MongoDB;

/// <summary>
/// A database of one test, with the indexes of the adapter's start: on a stand-in of its own or, with
/// <c>SHOPPING_TEST_MONGODB=mongodb://…</c>, on a real server.
/// </summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private static readonly string? Real = Environment.GetEnvironmentVariable("SHOPPING_TEST_MONGODB");

    private readonly MockServer? _mock;
    private readonly MongoClient _client;

    private TestDatabase(string connectionString, MockServer? mock, Action<MongoClientSettings>? configure)
    {
        _mock = mock;
        ConnectionString = connectionString;
        var settings = MongoClientSettings.FromConnectionString(connectionString).ForPurchases();
        configure?.Invoke(settings);
        _client = new MongoClient(settings);
        Database = _client.GetDatabase($"test-{Guid.NewGuid():N}");
    }

    public string ConnectionString { get; }

    public IMongoDatabase Database { get; }

    public IMongoCollection<BsonDocument> Purchases => Database.GetCollection<BsonDocument>(PurchaseDocument.Collection);

    /// <summary>What makes the faults, where the database is <see cref="NewMockAsync"/>'s.</summary>
    public MockServer Mock => _mock!;

    public static Task<TestDatabase> NewAsync() =>
        Real is { Length: > 0 } ? CreateAsync(new TestDatabase(Real, mock: null, configure: null)) : NewMockAsync();

    /// <summary>For tests of faults and of what is on the wire, which only <see cref="Mock"/> can make and tell.</summary>
    public static Task<TestDatabase> NewMockAsync(Action<MongoClientSettings>? configure = null)
    {
        var mock = new MockServer();
        return CreateAsync(new TestDatabase(mock.ConnectionString(), mock, configure));
    }

    public async ValueTask DisposeAsync()
    {
        if (_mock is null)
        {
            await _client.DropDatabaseAsync(Database.DatabaseNamespace.DatabaseName);
        }

        _client.Dispose();
        _mock?.Dispose();
    }

    private static async Task<TestDatabase> CreateAsync(TestDatabase database)
    {
        foreach (var (collection, keys) in new[] { (PurchaseDocument.Collection, PurchaseDocument.Index), (DeadLetterDocument.Collection, DeadLetterDocument.Index) })
        {
            await database.Database.GetCollection<BsonDocument>(collection).Indexes.CreateOneAsync(new CreateIndexModel<BsonDocument>(keys));
        }

        return database;
    }
}
