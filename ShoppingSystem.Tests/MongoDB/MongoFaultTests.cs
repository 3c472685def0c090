using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using MongoDB.Bson;
using MongoDB.Driver;
using ShoppingSystem.MockMongo;
using ShoppingSystem.MongoDB;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.MongoDB;

/// <summary>
/// A server that fails, in each way in which it may: what was not confirmed is not told as recorded, what was recorded is
/// recorded once, and nothing goes to the dead letters that would have been taken a moment later.
/// </summary>
public sealed class MongoFaultTests : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private MongoPurchaseStore _store = null!;

    private MockServer Server => _database.Mock;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.NewMockAsync();
        _store = new MongoPurchaseStore(_database.Database);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task While_the_store_is_away_nothing_is_reported_as_recorded_and_afterwards_recording_resumes()
    {
        var (before, after) = (Some.Purchases(3), Some.Purchases(5));
        await _store.RecordAsync(before);

        Server.Stop();
        await Assert.ThrowsAnyAsync<Exception>(async () => await _store.RecordAsync(after));
        Assert.Equal("MongoDB can't be reached", (await Assert.ThrowsAsync<TimeoutException>(async () => await _store.RecordAsync(after))).Message);
        using (var client = new TcpClient())
        {
            Assert.Equal(SocketError.ConnectionRefused, (await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(IPAddress.Loopback, Server.Port))).SocketErrorCode);
        }

        Server.Start();
        var result = await _store.RecordAsync([.. before, .. after]);

        Assert.Equal((5, 3, 0), (result.Recorded, result.Duplicates, result.Refused.Count));
        Assert.Equal(8, await _store.CountAsync());
    }

    [Fact]
    public async Task A_write_whose_answer_was_lost_is_retried_under_its_transaction_number_and_recorded_once()
    {
        Server.TrackCommands();
        Server.Fail("update", new Fault.LostAnswer());

        var result = await _store.RecordAsync(Some.Purchases(10));

        Assert.Equal((10, 0, 0), (result.Recorded, result.Duplicates, result.Refused.Count));
        Assert.Equal(10, await _store.CountAsync());
        var updates = Server.Commands("update");
        Assert.Equal(2, updates.Count);
        Assert.Equal(updates[0].Command["txnNumber"], updates[1].Command["txnNumber"]);
    }

    [Fact]
    public async Task A_purchase_whose_answers_are_all_lost_is_not_reported_and_later_recorded_once()
    {
        var purchases = Some.Purchases(10);
        Server.Fail("update", new Fault.LostAnswer(), times: 2);

        await Assert.ThrowsAnyAsync<MongoException>(async () => await _store.RecordAsync(purchases));
        var result = await _store.RecordAsync(purchases);

        Assert.Equal((0, 10), (result.Recorded, result.Duplicates));
        Assert.Equal(purchases.AsEnumerable().Reverse(), (await _store.ReadHistoryAsync("u1", 100)).Purchases);
    }

    [Fact]
    public async Task A_lost_request_is_sent_again()
    {
        Server.Fail("update", new Fault.LostRequest());

        var result = await _store.RecordAsync(Some.Purchases(10));

        Assert.Equal((10, 0), (result.Recorded, result.Duplicates));
    }

    [Theory]
    [InlineData(10107, "NotWritablePrimary (10107)")]
    [InlineData(91, "ShutdownInProgress (91)")]
    [InlineData(189, "PrimarySteppedDown (189)")]
    [InlineData(11600, "InterruptedAtShutdown (11600)")]
    public async Task A_write_refused_by_a_former_primary_is_retried_once_and_then_fails(int code, string name)
    {
        var purchases = Some.Purchases(10);
        Server.Fail("update", new Fault.CommandError(code));
        Assert.Equal(10, (await _store.RecordAsync(purchases)).Recorded);

        Server.Fail("update", new Fault.CommandError(code), MockServer.Always);
        var e = await Assert.ThrowsAsync<MongoException>(async () => await _store.RecordAsync([.. purchases, Some.Purchase()]));
        Server.Mend();
        var result = await _store.RecordAsync([.. purchases, Some.Purchase()]);

        Assert.Equal($"MongoDB answered with {name}", e.Message);
        Assert.Equal((1, 10, 0), (result.Recorded, result.Duplicates, result.Refused.Count));
    }

    [Theory]
    [InlineData(64, 1, "WriteConcernFailed (64)")]
    [InlineData(91, 2, "ShutdownInProgress (91)")]
    public async Task A_write_not_known_to_be_durable_is_not_reported_as_recorded(int code, int times, string name)
    {
        var purchases = Some.Purchases(10);
        Server.Fail("update", new Fault.WriteConcernError(code), times);

        var e = await Assert.ThrowsAsync<MongoException>(async () => await _store.RecordAsync(purchases));
        var result = await _store.RecordAsync(purchases);

        Assert.Equal($"MongoDB has not confirmed a write to a journaled majority: {name}", e.Message);
        Assert.Equal((0, 10), (result.Recorded, result.Duplicates));
    }

    [Fact]
    public async Task Dead_letters_not_known_to_be_durable_are_not_reported_as_kept()
    {
        var letters = new MongoDeadLetters(_database.Database);
        var letter = DeadLetter.For(new FeedEvent("purchases", 0, 0, Some.Noon, "poison"u8.ToArray()), "poison", Some.Noon);
        Server.Fail("update", new Fault.WriteConcernError(64), collection: DeadLetterDocument.Collection);
        Server.Fail("delete", new Fault.WriteConcernError(64), collection: DeadLetterDocument.Collection);

        await Assert.ThrowsAsync<MongoException>(async () => await letters.AddAsync([letter]));
        Assert.Equal(1, await letters.CountAsync());
        await Assert.ThrowsAsync<MongoException>(async () => await letters.RemoveAsync(letter.Id));
    }

    [Fact]
    public async Task Missing_rights_delay_purchases_and_refuse_none()
    {
        Server.Fail("update", new Fault.CommandError(13), MockServer.Always);

        var e = await Assert.ThrowsAsync<MongoException>(async () => await _store.RecordAsync(Some.Purchases(3)));

        Assert.Equal("MongoDB answered with Unauthorized (13)", e.Message);
        Assert.Equal(0, await _store.CountAsync());
    }

    [Fact]
    public async Task An_error_of_the_server_on_some_writes_of_a_batch_refuses_none_of_them()
    {
        var purchases = Some.Purchases(5);
        Server.Fail("update", new Fault.WriteErrors(133, 1, 3));

        var e = await Assert.ThrowsAsync<MongoException>(async () => await _store.RecordAsync(purchases));
        var result = await _store.RecordAsync(purchases);

        Assert.Equal("MongoDB refused 2 writes of a batch, the first with FailedToSatisfyReadPreference (133)", e.Message);
        Assert.Equal((2, 3, 0), (result.Recorded, result.Duplicates, result.Refused.Count));
    }

    [Fact]
    public async Task An_error_of_the_document_refuses_it_alone()
    {
        Server.Fail("update", new Fault.WriteErrors(11000, 2));
        Server.Fail("update", new Fault.WriteErrors(10334, 0));

        var duplicate = await _store.RecordAsync(Some.Purchases(5));
        var tooLarge = await _store.RecordAsync(Some.Purchases(5));

        Assert.Equal((4, 0), (duplicate.Recorded, duplicate.Duplicates));
        Assert.Equal(new RefusedPurchase(2, "the store refuses it: DuplicateKey (11000)"), Assert.Single(duplicate.Refused));
        Assert.Equal(new RefusedPurchase(0, "the store refuses it: BSONObjectTooLarge (10334)"), Assert.Single(tooLarge.Refused));
    }

    [Fact]
    public async Task A_duplicate_key_of_a_purchase_that_is_recorded_is_a_duplicate()
    {
        var purchases = Some.Purchases(5);
        await _store.RecordAsync([purchases[2]]);
        Server.Fail("update", new Fault.WriteErrors(11000, 2));

        var result = await _store.RecordAsync(purchases);

        Assert.Equal((4, 1, 0), (result.Recorded, result.Duplicates, result.Refused.Count));
    }

    [Fact]
    public async Task A_frozen_server_delays_purchases_and_each_is_recorded_once_afterwards()
    {
        var purchases = Some.Purchases(10);
        Server.Freeze();
        using var cancelled = new CancellationTokenSource();
        var recording = _store.RecordAsync(purchases, cancelled.Token).AsTask();
        var health = await CheckAsync();
        Assert.False(recording.IsCompleted);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => recording);

        Server.Thaw();
        var result = await _store.RecordAsync(purchases);

        Assert.Equal((HealthStatus.Unhealthy, "no answer within 2 s"), (health.Status, health.Description));
        Assert.Equal(10, result.Recorded + result.Duplicates);
        Assert.Equal(10, await _store.CountAsync());
    }

    [Fact]
    public async Task A_slow_server_records_every_purchase()
    {
        Server.SlowDown(TimeSpan.FromMilliseconds(300));

        Assert.Equal(10, (await _store.RecordAsync(Some.Purchases(10))).Recorded);
        Assert.Equal(10, (await _store.ReadHistoryAsync("u1", 10)).Purchases.Count);
    }

    [Fact]
    public async Task A_server_slower_than_the_health_timeout_is_reported_red()
    {
        Server.SlowDown(TimeSpan.FromMinutes(1));

        Assert.Equal("no answer within 2 s", (await CheckAsync()).Description);
    }

    [Theory]
    [InlineData(85)]
    [InlineData(86)]
    [InlineData(13)]
    public async Task Indexes_that_conflict_or_may_not_be_created_are_no_problem(int code)
    {
        Server.Fail("createIndexes", new Fault.CommandError(code), MockServer.Always);
        using var host = await StartAsync();

        await Eventually.TrueAsync(() => host.Services.GetRequiredService<MongoIndexes>().Missing is null, "it goes on without");
    }

    [Fact]
    public async Task Indexes_are_made_as_soon_as_the_server_lets_them_be()
    {
        Server.Fail("createIndexes", new Fault.CommandError(14031, "no room for customer u1"), MockServer.Always);
        using var host = await StartAsync();
        var indexes = host.Services.GetRequiredService<MongoIndexes>();
        await Eventually.TrueAsync(() => indexes.Missing == "the indexes are not there yet: MongoDB answered with OutOfDiskSpace (14031)", "it says why");

        Server.Mend();

        await Eventually.TrueAsync(() => indexes.Missing is null, "they are there");
        var names = await (await _database.Purchases.Database.Client.GetDatabase("shopping").GetCollection<BsonDocument>("purchases").Indexes.ListAsync()).ToListAsync();
        Assert.Contains("history", names.Select(index => index["name"].AsString));
    }

    private async Task<HealthCheckResult> CheckAsync()
    {
        using var indexed = await MongoIndexesThatAreThereAsync();
        return await new MongoHealth(_database.Database, indexed.Services.GetRequiredService<MongoIndexes>()).CheckHealthAsync(new HealthCheckContext());
    }

    /// <summary>Of another server: the one under test may not answer.</summary>
    private static async Task<IHost> MongoIndexesThatAreThereAsync()
    {
        using var server = new MockServer();
        var host = await StartAsync(server.ConnectionString());
        await Eventually.TrueAsync(() => host.Services.GetRequiredService<MongoIndexes>().Missing is null, "the indexes are there");
        return host;
    }

    private Task<IHost> StartAsync() => StartAsync(_database.ConnectionString);

    private static async Task<IHost> StartAsync(string connectionString)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:shopping", connectionString)]);
        builder.AddMongoPurchaseStore();
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
