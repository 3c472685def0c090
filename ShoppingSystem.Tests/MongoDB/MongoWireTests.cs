using MongoDB.Bson;
using MongoDB.Driver;
using ShoppingSystem.MockMongo;
using ShoppingSystem.MongoDB;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.MongoDB;

/// <summary>What the adapter asks of a server, as it comes over the wire.</summary>
public sealed class MongoWireTests : IAsyncLifetime
{
    private static readonly BsonDocument JournaledMajority = new() { { "w", "majority" }, { "j", true } };

    private TestDatabase _database = null!;

    public async ValueTask InitializeAsync()
    {
        // As a connection string may ask for less: ?w=1&journal=false
        _database = await TestDatabase.NewMockAsync(settings => settings.WriteConcern = WriteConcern.W1.With(journal: false));
        _database.Mock.TrackCommands();
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task A_batch_is_one_unordered_write_to_a_journaled_majority_whatever_the_client_is_configured_to()
    {
        var purchases = Enumerable.Range(0, 1000).Select(i => Some.Purchase($"u{i}")).ToList();

        await new MongoPurchaseStore(_database.Database).RecordAsync(purchases);

        var write = Assert.Single(_database.Mock.Commands());
        Assert.Equal(("update", "purchases"), (write.Name, write.Collection));
        Assert.Equal(JournaledMajority, write.Command["writeConcern"]);
        Assert.False(write.Command["ordered"].AsBoolean);
        Assert.False(write.Unacknowledged);
        Assert.Equal(1000, write.Command["updates"].AsBsonArray.Count);
        // With both, the driver may safely try once more.
        Assert.True(write.Command.Contains("lsid") && write.Command.Contains("txnNumber"));
    }

    [Fact]
    public async Task A_purchase_is_an_upsert_by_its_id_and_its_user_that_changes_nothing_that_is_there()
    {
        var purchase = Some.Purchase("ada", item: "tea");

        await new MongoPurchaseStore(_database.Database).RecordAsync([purchase]);

        var statement = Assert.Single(Assert.Single(_database.Mock.Commands("update")).Command["updates"].AsBsonArray).AsBsonDocument;
        Assert.Equal(new BsonDocument { { "_id", new BsonBinaryData(purchase.Id, GuidRepresentation.Standard) }, { "userid", "ada" } }, statement["q"]);
        Assert.Equal(["$setOnInsert"], statement["u"].AsBsonDocument.Names);
        Assert.True(statement["upsert"].AsBoolean);
        Assert.False(statement.GetValue("multi", false).AsBoolean);
    }

    [Fact]
    public async Task Dead_letters_are_kept_and_dropped_at_a_journaled_majority()
    {
        var letters = new MongoDeadLetters(_database.Database);
        var letter = DeadLetter.For(new FeedEvent("purchases", 0, 0, Some.Noon, "poison"u8.ToArray()), "poison", Some.Noon);

        await letters.AddAsync([letter]);
        await letters.RemoveAsync(letter.Id);

        Assert.Equal(["update", "delete"], _database.Mock.Commands().Select(command => command.Name));
        Assert.All(_database.Mock.Commands(), command => Assert.Equal(JournaledMajority, command.Command["writeConcern"]));
        Assert.False(_database.Mock.Commands("update")[0].Command["ordered"].AsBoolean);
        Assert.True(_database.Mock.Commands("update")[0].Command["updates"][0]["upsert"].AsBoolean);
    }

    [Fact]
    public async Task A_page_of_a_history_asks_for_one_users_purchases_and_one_more_than_it_shows()
    {
        await new MongoPurchaseStore(_database.Database).ReadHistoryAsync("ada", 10);

        var find = Assert.Single(_database.Mock.Commands()).Command;
        Assert.Equal("ada", find["filter"]["userid"]);
        Assert.Equal(PurchaseDocument.NewestFirst, find["sort"]);
        Assert.Equal(11, find["limit"]);
    }

    [Fact]
    public async Task Refused_purchases_are_looked_up_at_the_primary()
    {
        _database.Mock.Fail("update", new Fault.WriteErrors(11000, 0));

        await new MongoPurchaseStore(_database.Database.WithReadPreference(ReadPreference.SecondaryPreferred)).RecordAsync([Some.Purchase()]);

        // A server of a set serves reads of the primary alone where nothing else is said.
        var preference = Assert.Single(_database.Mock.Commands("find")).Command.GetValue("$readPreference", new BsonDocument("mode", "primary"));
        Assert.Equal("primary", preference["mode"]);
    }
}
