using System.Diagnostics;
using MongoDB.Bson;
using MongoDB.Driver;
using ShoppingSystem.MockMongo;
using ShoppingSystem.MongoDB;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;
using ShoppingSystem.Tests.Telemetry;

namespace ShoppingSystem.Tests.MongoDB;

/// <summary>
/// A server's own texts quote what it was asked and the keys that it has. None of it gets into what is logged, shown by
/// readiness or kept as a dead letter's reason, and none of that grows with the batch.
/// </summary>
[Collection(nameof(SpanTests))]
public sealed class MongoSecrecyTests : IAsyncLifetime
{
    private const string Customer = "ada@example.com";
    private const int AFewLines = 1500;

    private TestDatabase _database = null!;
    private MongoPurchaseStore _store = null!;
    private MongoDeadLetters _letters = null!;

    private MockServer Server => _database.Mock;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.NewMockAsync();
        _store = new MongoPurchaseStore(_database.Database);
        _letters = new MongoDeadLetters(_database.Database);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Theory]
    [InlineData(133)]
    [InlineData(112)]
    public async Task An_error_on_every_write_of_a_batch_is_reported_once_with_its_code_and_count(int code)
    {
        Server.Fail("update", new Fault.WriteErrors(code) { Message = $"could not target: {{ userid: \"{Customer}\" }}" });

        var e = await Assert.ThrowsAsync<MongoException>(async () => await _store.RecordAsync(Some.Purchases(1000, Customer)));

        Assert.Contains("1000 writes", e.Message, StringComparison.Ordinal);
        Assert.Contains($"({code})", e.Message, StringComparison.Ordinal);
        IsShortAndSecret(e);
    }

    [Fact]
    public async Task A_duplicate_key_among_passing_errors_is_not_quoted()
    {
        await _database.Purchases.Indexes.CreateOneAsync(new CreateIndexModel<BsonDocument>(new BsonDocument("userid", 1), new CreateIndexOptions { Unique = true }));
        Server.Fail("update", new Fault.WriteErrors(133, 2));

        IsShortAndSecret(await Assert.ThrowsAsync<MongoException>(async () => await _store.RecordAsync(Some.Purchases(3, Customer))));
    }

    [Fact]
    public async Task A_refused_purchase_names_the_index_and_not_the_key()
    {
        await _database.Purchases.Indexes.CreateOneAsync(new CreateIndexModel<BsonDocument>(
            new BsonDocument("userid", 1), new CreateIndexOptions { Unique = true, Name = "one_a_customer" }));

        var result = await _store.RecordAsync(Some.Purchases(2, Customer));

        Assert.Equal("the store refuses it: DuplicateKey (11000) by the index one_a_customer", Assert.Single(result.Refused).Reason);
    }

    [Theory]
    [InlineData(13)]
    [InlineData(10107)]
    [InlineData(11600)]
    [InlineData(50)]
    [InlineData(4711)]
    public async Task Text_of_a_server_error_is_not_passed_on(int code)
    {
        Server.Fail(Faults.AnyCommand, new Fault.CommandError(code, $"not authorized to execute command {{ find: \"purchases\", filter: {{ userid: \"{Customer}\" }} }}"), MockServer.Always);
        var letter = DeadLetter.For(new FeedEvent("purchases", 0, 0, Some.Noon, "poison"u8.ToArray()), "poison", Some.Noon);

        Func<Task>[] questions =
        [
            async () => await _store.RecordAsync([Some.Purchase(Customer)]),
            async () => await _store.ReadHistoryAsync(Customer, 10),
            async () => await _store.SummarizeAsync(Customer),
            async () => await _store.CountAsync(),
            async () => await _letters.AddAsync([letter]),
            async () => await _letters.ListAsync(10),
            async () => await _letters.FindAsync(letter.Id),
            async () => await _letters.RemoveAsync(letter.Id),
            async () => await _letters.CountAsync(),
        ];

        foreach (var question in questions)
        {
            var e = await Assert.ThrowsAnyAsync<MongoException>(question);
            if (code != 50)
            {
                Assert.Contains($"{code}", e.Message, StringComparison.Ordinal);
            }

            IsShortAndSecret(e);
        }
    }

    [Fact]
    public async Task The_drivers_spans_hold_no_customers_values_and_do_not_grow_with_the_batch()
    {
        using var spans = new SpanRecorder();
        using var parent = new ActivitySource("ShoppingSystem").StartActivity("test");
        Server.Fail("update", new Fault.WriteErrors(133) { Message = $"could not target: {{ userid: \"{Customer}\" }}" });
        Server.Fail("find", new Fault.CommandError(13, $"not authorized: {{ userid: \"{Customer}\" }}"));

        await Assert.ThrowsAsync<MongoException>(async () => await _store.RecordAsync(Some.Purchases(1000, Customer)));
        await Assert.ThrowsAsync<MongoException>(async () => await _store.ReadHistoryAsync(Customer, 10));

        var drivers = spans.Of(parent!.TraceId).Where(span => span.Source.Name == "MongoDB.Driver").ToList();
        Assert.NotEmpty(drivers);
        Assert.All(drivers, span =>
        {
            var told = string.Join('\n', [
                span.DisplayName, span.StatusDescription,
                .. span.TagObjects.Select(tag => $"{tag.Key}={tag.Value}"),
                .. span.Events.SelectMany(@event => @event.Tags).Select(tag => $"{tag.Key}={tag.Value}"),
            ]);
            Assert.DoesNotContain(Customer, told, StringComparison.Ordinal);
            Assert.InRange(told.Length, 1, 5000);
        });
    }

    private static void IsShortAndSecret(Exception e)
    {
        // As it is logged, with everything inside.
        Assert.DoesNotContain(Customer, e.ToString(), StringComparison.Ordinal);
        Assert.InRange(e.Message.Length, 1, 200);
        Assert.InRange(string.Join('\n', e.ToString().Split('\n').Where(line => !line.TrimStart().StartsWith("at ", StringComparison.Ordinal))).Length, 1, AFewLines);
    }
}
