using System.Collections.Concurrent;
using MongoDB.Bson;
using MongoDB.Driver;
using MongoDB.Driver.Core.Events;
using ShoppingSystem.MongoDB;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.MongoDB;

/// <summary>What is MongoDB's own: how a purchase is kept, and what the server may say to it.</summary>
public sealed class MongoPurchaseStoreTests : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private MongoPurchaseStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.NewAsync();
        _store = new MongoPurchaseStore(_database.Database);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task A_purchase_is_kept_in_the_types_that_others_expect()
    {
        var purchase = Some.Purchase(price: 50.0m, item: "tea", at: new DateTimeOffset(2024, 1, 19, 11, 20, 0, 123, 456, TimeSpan.Zero));

        await _store.RecordAsync([purchase]);

        var document = await Purchases.Find(new BsonDocument()).SingleAsync();
        Assert.Equal(
            new BsonDocument
            {
                { "_id", new BsonBinaryData(purchase.Id, GuidRepresentation.Standard) },
                { "userid", "u1" },
                { "username", "Ada" },
                { "price", Decimal128.Parse("50.0") },
                { "timestamp", new BsonDateTime(new DateTime(2024, 1, 19, 11, 20, 0, 123, DateTimeKind.Utc)) },
                { "micros", 456 },
                { "item", "tea" },
            }.OrderBy(field => field.Name),
            document.OrderBy(field => field.Name));
        Assert.Equal("50.0", document["price"].AsDecimal128.ToString());
    }

    [Theory]
    [InlineData("0001-01-01T00:00:00.0000010Z")]
    [InlineData("1969-12-31T23:59:59.9999990Z")]
    [InlineData("9999-12-31T23:59:59.9999990Z")]
    public async Task Any_time_is_read_back_to_the_microsecond(string time)
    {
        var purchase = Some.Purchase() with { Timestamp = DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture) };

        await _store.RecordAsync([purchase]);

        Assert.Equal(purchase, Assert.Single((await _store.ReadHistoryAsync("u1", 10)).Purchases));
        Assert.Equal(purchase.Timestamp, (await _store.SummarizeAsync("u1")).First);
    }

    [Fact]
    public async Task A_document_that_the_server_refuses_is_named_and_the_rest_is_recorded()
    {
        await _database.Database.RunCommandAsync<BsonDocument>(new BsonDocument
        {
            { "collMod", PurchaseDocument.Collection },
            { "validator", new BsonDocument("username", new BsonDocument("$ne", "Mallory")) },
        });
        var known = Some.Purchase();
        await _store.RecordAsync([known]);

        var result = await _store.RecordAsync([Some.Purchase(), Some.Purchase() with { Username = "Mallory" }, known, Some.Purchase()]);

        Assert.Equal((2, 1), (result.Recorded, result.Duplicates));
        var refused = Assert.Single(result.Refused);
        Assert.Equal(1, refused.Index);
        Assert.Contains("121", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(3, (await _store.ReadHistoryAsync("u1", 10)).Purchases.Count);
    }

    [Fact]
    public async Task A_duplicate_by_an_operators_unique_index_is_refused_and_not_taken_for_recorded()
    {
        await Purchases.Indexes.CreateOneAsync(new CreateIndexModel<BsonDocument>(new BsonDocument("item", 1), new CreateIndexOptions { Unique = true }));
        await _store.RecordAsync([Some.Purchase(item: "the only one")]);

        var result = await _store.RecordAsync([Some.Purchase(item: "the only one"), Some.Purchase(item: "another")]);

        Assert.Equal((1, 0), (result.Recorded, result.Duplicates));
        Assert.Equal(0, Assert.Single(result.Refused).Index);
    }

    [Fact]
    public async Task New_purchases_take_one_round_trip_and_those_that_are_known_one_more()
    {
        var commands = new ConcurrentQueue<string>();
        await using var database = await TestDatabase.NewMockAsync(settings => settings.ClusterConfigurator = cluster =>
            cluster.Subscribe<CommandStartedEvent>(command => commands.Enqueue(command.CommandName)));
        var store = new MongoPurchaseStore(database.Database);
        var purchases = Some.Purchases(1000);
        commands.Clear();

        await store.RecordAsync(purchases);
        Assert.Equal(["update"], commands);
        await store.RecordAsync(purchases);
        Assert.Equal(["update", "update", "find"], commands);
    }

    [Theory]
    [InlineData(ReadPreferenceMode.Primary)]
    [InlineData(ReadPreferenceMode.Secondary)]
    public async Task An_id_that_another_user_has_is_refused_wherever_histories_are_read(ReadPreferenceMode mode)
    {
        var store = new MongoPurchaseStore(_database.Database.WithReadPreference(new ReadPreference(mode)));
        var first = Some.Purchase();
        await store.RecordAsync([first]);

        var result = await store.RecordAsync([first with { UserId = "u2" }, Some.Purchase("u2")]);

        Assert.Equal((1, 0), (result.Recorded, result.Duplicates));
        Assert.Equal(new RefusedPurchase(0, $"another purchase has the id {first.Id}: its userid differs"), Assert.Single(result.Refused));
    }

    [Theory]
    [InlineData("{ userid: 'u1', username: 'Ada', price: 12.0, item: 'tea', timestamp: ISODate('2024-01-19T11:20:00Z') }", null)]
    [InlineData("{ userid: 'u1', username: 'Ada', price: NumberLong(12), item: 'tea', timestamp: ISODate('2024-01-19T11:20:00Z') }", null)]
    [InlineData("{ userid: 'u1', username: 'Ada', price: 12.5, item: 'tea', timestamp: ISODate('2024-01-19T11:20:00Z') }", "another purchase has the id ID: its price differs")]
    [InlineData("{ userid: 'u1', username: 'Ada', price: 12.0, timestamp: ISODate('2024-01-19T11:20:00Z') }", "another purchase has the id ID: its item differs")]
    [InlineData("{ userid: 'u1' }", "a document that is no purchase has the id ID")]
    [InlineData("{ userid: 'u1', username: 'Ada', price: 'much', item: 'tea', timestamp: ISODate('2024-01-19T11:20:00Z') }", "a document that is no purchase has the id ID")]
    [InlineData("{ userid: 'u1', username: 'Ada', price: NaN, item: 'tea', timestamp: ISODate('2024-01-19T11:20:00Z') }", "a document that is no purchase has the id ID")]
    [InlineData("{ userid: 'u1', username: 'Ada', price: 12, item: 'tea', timestamp: 'noon' }", "a document that is no purchase has the id ID")]
    [InlineData("{ }", "a document that is no purchase has the id ID")]
    public async Task What_another_program_wrote_under_the_id_is_compared_by_what_it_says(string document, string? reason)
    {
        var purchase = Some.Purchase(item: "tea");
        await Purchases.InsertOneAsync(BsonDocument.Parse(document).Add("_id", new BsonBinaryData(purchase.Id, GuidRepresentation.Standard)));

        var result = await _store.RecordAsync([purchase]);

        Assert.Equal((0, reason is null ? 1 : 0), (result.Recorded, result.Duplicates));
        Assert.Equal(reason?.Replace("ID", $"{purchase.Id}", StringComparison.Ordinal), result.Refused.SingleOrDefault()?.Reason);
    }

    [Theory]
    [InlineData("{ _id: ObjectId('65aa5a40a1b2c3d4e5f60718'), username: 'Ada', price: 12.5, timestamp: ISODate('2024-01-19T11:20:00.123Z') }", "12.5")]
    [InlineData("{ _id: 'an id', username: null, item: null, price: 3, timestamp: ISODate('2024-01-19T11:20:00.123Z'), micros: 'no', more: { a: 1 } }", "3")]
    [InlineData("{ _id: 7, username: 5, item: 6, price: NumberLong(3), timestamp: ISODate('2024-01-19T11:20:00.123Z'), micros: NumberLong(9) }", "3")]
    public async Task What_another_program_wrote_is_shown_where_it_can_be_a_purchase(string document, string price)
    {
        var ours = Some.Purchases(3);
        await _store.RecordAsync(ours);
        await Purchases.InsertOneAsync(BsonDocument.Parse(document).Add("userid", "u1"));

        var first = await _store.ReadHistoryAsync("u1", 2);
        var second = await _store.ReadHistoryAsync("u1", 2, first.Next);
        var summary = await _store.SummarizeAsync("u1");

        Assert.Equal(ours.AsEnumerable().Reverse(), first.Purchases.Concat(second.Purchases).Take(3));
        var theirs = second.Purchases[1];
        Assert.Equal(price, theirs.Price.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(new DateTimeOffset(2024, 1, 19, 11, 20, 0, 123, TimeSpan.Zero), theirs.Timestamp);
        Assert.Equal(theirs, Assert.Single((await _store.ReadHistoryAsync("u1", 1, PageCursor.After(ours[0]))).Purchases));
        Assert.Equal((4, 6 + theirs.Price, theirs.Timestamp), (summary.Purchases, summary.Total, summary.First));
    }

    [Theory]
    [InlineData("{ }")]
    [InlineData("{ price: 1 }")]
    [InlineData("{ price: 1, timestamp: '2024-01-19T11:20:00Z' }")]
    [InlineData("{ price: 1, timestamp: 1705663200.123 }")]
    [InlineData("{ price: 1, timestamp: { $date: { $numberLong: '9000000000000000' } } }")]
    [InlineData("{ timestamp: ISODate('2024-01-19T11:20:00Z') }")]
    [InlineData("{ price: '12.00', timestamp: ISODate('2024-01-19T11:20:00Z') }")]
    [InlineData("{ price: NaN, timestamp: ISODate('2024-01-19T11:20:00Z') }")]
    [InlineData("{ price: NumberDecimal('Infinity'), timestamp: ISODate('2024-01-19T11:20:00Z') }")]
    [InlineData("{ price: 1e300, timestamp: ISODate('2024-01-19T11:20:00Z') }")]
    public async Task A_document_that_is_no_purchase_does_not_stop_the_history(string document)
    {
        await Purchases.InsertOneAsync(BsonDocument.Parse(document).Add("userid", "u1"));
        Assert.Empty((await _store.ReadHistoryAsync("u1", 10)).Purchases);
        Assert.Equal(new PurchaseSummary("u1", 0, 0, null, null), await _store.SummarizeAsync("u1"));
        var ours = Some.Purchases(5);
        await _store.RecordAsync(ours);

        var first = await _store.ReadHistoryAsync("u1", 3);
        var second = await _store.ReadHistoryAsync("u1", 3, first.Next);

        Assert.Equal(ours.AsEnumerable().Reverse(), first.Purchases.Concat(second.Purchases));
        Assert.Null(second.Next);
        Assert.Equal((5, 15m), ((await _store.SummarizeAsync("u1")).Purchases, (await _store.SummarizeAsync("u1")).Total));
    }

    [Fact]
    public async Task A_server_that_can_not_be_reached_is_an_exception_that_says_so_in_short_and_nothing_is_refused()
    {
        var address = new MongoClientSettings { Server = new MongoServerAddress("127.0.0.1", 1), ServerSelectionTimeout = TimeSpan.FromMilliseconds(200) };
        var database = new MongoClient(address).GetDatabase("test");
        var letter = DeadLetter.For(new FeedEvent("purchases", 0, 0, Some.Noon, "poison"u8.ToArray()), "poison", Some.Noon);

        var store = await Assert.ThrowsAsync<TimeoutException>(async () => await new MongoPurchaseStore(database).RecordAsync([Some.Purchase()]));
        var letters = await Assert.ThrowsAsync<TimeoutException>(async () => await new MongoDeadLetters(database).AddAsync([letter]));

        // Readiness shows it, to whoever asks.
        Assert.Equal("MongoDB can't be reached", store.Message);
        Assert.Equal("MongoDB can't be reached", letters.Message);
    }

    private IMongoCollection<BsonDocument> Purchases => _database.Purchases;
}
