using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using MongoDB.Bson;
using MongoDB.Bson.Serialization;
using MongoDB.Driver;
using ShoppingSystem.MockMongo;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.MongoDB;

/// <summary>The stand-in itself: what the other tests take for granted of it.</summary>
public sealed class MockMongoTests : IDisposable
{
    private readonly MockServer _server = new();
    private readonly MongoClient _client;
    private readonly IMongoCollection<BsonDocument> _documents;

    public MockMongoTests()
    {
        _client = new MongoClient(_server.ConnectionString());
        _documents = _client.GetDatabase("test").GetCollection<BsonDocument>("documents");
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }

    [Fact]
    public async Task As_a_process_it_prints_its_connection_string_takes_faults_and_ends_when_it_is_told_to()
    {
        await using var process = ChildProcess.Start("ShoppingSystem.MockMongo.dll", "0", "shop");
        await Eventually.TrueAsync(() => Lines().Length > 0, "it listens");
        using var client = new MongoClient(Lines()[0]);
        var purchases = client.GetDatabase(new MongoUrl(Lines()[0]).DatabaseName).GetCollection<BsonDocument>("purchases");
        Assert.Equal("shop", purchases.Database.DatabaseNamespace.DatabaseName);

        await process.WriteLineAsync("track");
        await process.WriteLineAsync("fail insert@purchases error=13");
        await process.WriteLineAsync("fail insert nonsense");
        await Eventually.TrueAsync(() => Lines().Length == 4, "it has answered");
        var refused = await Assert.ThrowsAsync<MongoCommandException>(() => purchases.InsertOneAsync(new BsonDocument("_id", 1)));
        await purchases.InsertOneAsync(new BsonDocument("_id", 2));
        await process.WriteLineAsync("commands insert");
        await Eventually.TrueAsync(() => Lines().Length == 7, "it tells the commands");
        process.Signal();

        Assert.Equal(13, refused.Code);
        Assert.Equal(["ok", "ok", "not a fault: nonsense"], Lines()[1..4]);
        Assert.Contains("\"_id\" : 2", Lines()[5], StringComparison.Ordinal);
        Assert.Equal(0, await process.ExitAsync());

        string[] Lines() => process.Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
    }

    [Theory]
    [InlineData("{ a: { $near: 1 } }", "$near")]
    [InlineData("{ $where: 'true' }", "$where")]
    [InlineData("{ a: { $not: { $bitsAllSet: 1 } } }", "$bitsAllSet")]
    [InlineData("{ $or: [{ a: { $geoWithin: 1 } }] }", "$geoWithin")]
    public async Task A_filter_that_it_does_not_play_is_an_error_that_names_it(string filter, string name)
    {
        var e = await Assert.ThrowsAsync<MongoCommandException>(() => _documents.Find(BsonDocument.Parse(filter)).ToListAsync());

        Assert.Equal("BadValue", e.CodeName);
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ update: 'documents', updates: [{ q: {}, u: { $rename: { a: 'b' } } }] }", "$rename")]
    [InlineData("{ update: 'documents', updates: [{ q: {}, u: [{ $set: { a: 1 } }] }] }", "pipeline")]
    [InlineData("{ update: 'documents', updates: [{ q: {}, u: { a: 1 }, collation: {} }] }", "collation")]
    public async Task An_update_that_it_does_not_play_is_a_write_error_that_names_it(string command, string name)
    {
        var reply = await _documents.Database.RunCommandAsync<BsonDocument>(BsonDocument.Parse(command));

        Assert.Contains(name, reply["writeErrors"][0]["errmsg"].AsString, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ distinct: 'documents', key: 'a' }", "CommandNotFound", "distinct")]
    [InlineData("{ find: 'documents', collation: { locale: 'en' } }", "Location40415", "collation")]
    [InlineData("{ aggregate: 'documents', pipeline: [{ $lookup: {} }], cursor: {} }", "Location40324", "$lookup")]
    [InlineData("{ find: 'documents', projection: { a: { $slice: 1 } } }", "BadValue", "$slice")]
    [InlineData("{ createIndexes: 'documents', indexes: [{ key: { a: 'text' }, name: 'a' }] }", "CannotCreateIndex", "text")]
    [InlineData("{ createIndexes: 'documents', indexes: [{ key: { a: 1 }, name: 'a', expireAfterSeconds: 1 }] }", "Location40415", "expireAfterSeconds")]
    [InlineData("{ find: 'documents', lsid: { id: 1 }, txnNumber: { $numberLong: '1' }, autocommit: false }", "IllegalOperation", "ransactions")]
    public async Task A_command_that_it_does_not_play_is_an_error_that_names_it(string command, string codeName, string name)
    {
        var e = await Assert.ThrowsAsync<MongoCommandException>(() => _documents.Database.RunCommandAsync<BsonDocument>(BsonDocument.Parse(command)));

        Assert.Equal(codeName, e.CodeName);
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ a: 1 }", "{ a: 1.0 }", true)]
    [InlineData("{ a: NumberDecimal('50.00') }", "{ a: NumberDecimal('50.0') }", true)]
    [InlineData("{ a: NumberDecimal('0.1') }", "{ a: { $gt: 0.05, $lt: 0.2 } }", true)]
    [InlineData("{ a: NaN }", "{ a: { $lte: 5 } }", false)]
    [InlineData("{ a: '5' }", "{ a: { $gte: 1 } }", false)]
    [InlineData("{ a: null }", "{ a: { $lt: 1 } }", false)]
    [InlineData("{ }", "{ a: null }", true)]
    [InlineData("{ }", "{ a: { $ne: 1 } }", true)]
    [InlineData("{ a: [1, 2] }", "{ a: 2 }", true)]
    [InlineData("{ a: [1, 2] }", "{ a: { $ne: 2 } }", false)]
    [InlineData("{ a: [1, 2] }", "{ a: { $size: 2 } }", true)]
    [InlineData("{ a: [1, 5] }", "{ a: { $elemMatch: { $gt: 1, $lt: 5 } } }", false)]
    [InlineData("{ a: [{ b: 1 }, { b: 2 }] }", "{ 'a.b': 2 }", true)]
    [InlineData("{ a: [{ b: 1 }, { b: 2 }] }", "{ 'a.1.b': 1 }", false)]
    [InlineData("{ a: 'Ada' }", "{ a: { $regex: '^ad', $options: 'i' } }", true)]
    [InlineData("{ a: 3 }", "{ a: { $in: [1, 3] }, b: { $exists: false } }", true)]
    [InlineData("{ a: 3 }", "{ a: { $nin: [1, 3] } }", false)]
    [InlineData("{ a: 3 }", "{ $nor: [{ a: 1 }, { a: 3 }] }", false)]
    [InlineData("{ a: 3 }", "{ a: { $not: { $gt: 3 } } }", true)]
    [InlineData("{ a: NumberLong(3) }", "{ a: { $type: ['long', 'string'] } }", true)]
    public async Task A_filter_finds_what_mongod_would(string document, string filter, bool found)
    {
        await _documents.InsertOneAsync(BsonDocument.Parse(document));
        await _documents.Indexes.CreateOneAsync(new CreateIndexModel<BsonDocument>(new BsonDocument("a", 1)));

        Assert.Equal(found, await _documents.Find(BsonDocument.Parse(filter)).AnyAsync());
    }

    [Fact]
    public async Task Values_are_ordered_by_type_and_then_by_value()
    {
        BsonArray inOrder = BsonSerializer.Deserialize<BsonArray>(
            """
            [MinKey, null, NaN, -5, NumberLong(3), 3.5, NumberDecimal('3.50001'), 4, 'A', 'a', { a: 1 }, { b: 0 }, [1], [1, 2], BinData(0, 'AA=='),
             BinData(0, 'AAA='), ObjectId('65aa5a40a1b2c3d4e5f60718'), false, true, ISODate('1969-01-01T00:00:00Z'), ISODate('2024-01-01T00:00:00Z'), MaxKey]
            """);
        var shuffled = inOrder.Select((value, i) => new BsonDocument { { "_id", i }, { "value", new BsonDocument("v", value) } }).Reverse().ToList();
        await _documents.InsertManyAsync(shuffled);

        var found = await _documents.Find(new BsonDocument()).Sort(new BsonDocument("value", 1)).ToListAsync();

        Assert.Equal(Enumerable.Range(0, inOrder.Count), found.Select(document => document["_id"].AsInt32));
    }

    [Fact]
    public async Task A_result_of_many_documents_comes_in_batches()
    {
        await _documents.InsertManyAsync(Enumerable.Range(0, 1000).Select(i => new BsonDocument("_id", i)));
        _server.TrackCommands();

        var found = await _documents.Find(new BsonDocument(), new FindOptions { BatchSize = 300 }).Sort(new BsonDocument("_id", -1)).ToListAsync();

        Assert.Equal(Enumerable.Range(0, 1000).Reverse(), found.Select(document => document["_id"].AsInt32));
        Assert.Equal(["find", "getMore", "getMore", "getMore"], _server.Commands().Select(command => command.Name));
    }

    [Fact]
    public async Task An_unacknowledged_write_is_done_and_not_answered()
    {
        await _documents.WithWriteConcern(WriteConcern.Unacknowledged).InsertOneAsync(new BsonDocument("_id", 1));

        await Eventually.TrueAsync(async () => await _documents.Find(new BsonDocument("_id", 1)).AnyAsync(), "it is there");
    }

    [Fact]
    public async Task More_copies_than_there_are_members_are_a_write_concern_error()
    {
        var e = await Assert.ThrowsAsync<MongoWriteException>(() => _documents.WithWriteConcern(new WriteConcern(2)).InsertOneAsync(new BsonDocument("_id", 1)));

        Assert.Equal(100, e.WriteConcernError.Code);
    }

    [Fact]
    public async Task An_index_that_is_there_in_another_way_is_a_conflict()
    {
        var keys = new BsonDocument("a", 1);
        await CreateAsync(keys, "one", unique: false);
        await CreateAsync(keys, "one", unique: false);

        Assert.Equal(85, (await Assert.ThrowsAsync<MongoCommandException>(() => CreateAsync(keys, "two", unique: false))).Code);
        Assert.Equal(85, (await Assert.ThrowsAsync<MongoCommandException>(() => CreateAsync(keys, "one", unique: true))).Code);
        Assert.Equal(86, (await Assert.ThrowsAsync<MongoCommandException>(() => CreateAsync(new BsonDocument("b", 1), "one", unique: false))).Code);
        Assert.Equal(["_id_", "one"], (await (await _documents.Indexes.ListAsync()).ToListAsync()).Select(index => index["name"].AsString));

        Task<string> CreateAsync(BsonDocument of, string name, bool unique) =>
            _documents.Indexes.CreateOneAsync(new CreateIndexModel<BsonDocument>(of, new CreateIndexOptions { Name = name, Unique = unique ? true : null }));
    }

    [Fact]
    public async Task A_unique_index_keeps_a_second_document_out_and_lets_go_of_what_is_removed()
    {
        await _documents.Indexes.CreateOneAsync(new CreateIndexModel<BsonDocument>(new BsonDocument("a", 1), new CreateIndexOptions { Unique = true }));
        await _documents.InsertManyAsync([new() { { "_id", 1 }, { "a", 1 } }, new() { { "_id", 2 }, { "a", 2 } }]);

        var inserted = await Assert.ThrowsAsync<MongoWriteException>(() => _documents.InsertOneAsync(new() { { "_id", 3 }, { "a", 1 } }));
        var updated = await Assert.ThrowsAsync<MongoWriteException>(() => _documents.UpdateOneAsync(new BsonDocument("_id", 2), new BsonDocument("$set", new BsonDocument("a", 1))));
        await _documents.DeleteOneAsync(new BsonDocument("_id", 1));
        await _documents.UpdateOneAsync(new BsonDocument("_id", 2), new BsonDocument("$set", new BsonDocument("a", 1)));

        Assert.Equal(ServerErrorCategory.DuplicateKey, inserted.WriteError.Category);
        Assert.Equal(ServerErrorCategory.DuplicateKey, updated.WriteError.Category);
        Assert.Equal(2, (await _documents.Find(new BsonDocument("a", 1)).SingleAsync())["_id"].AsInt32);
    }

    [Fact]
    public async Task A_write_with_the_session_and_number_of_the_last_one_gets_its_answer_and_is_not_carried_out()
    {
        var session = new BsonDocument("id", new BsonBinaryData(Guid.NewGuid(), GuidRepresentation.Standard));
        using var stream = Connect();

        var first = Send(stream, Increment(session, 1));
        var again = Send(stream, Increment(session, 1));
        var next = Send(stream, Increment(session, 2));
        var old = Send(stream, Increment(session, 1));

        Assert.Equal((1, first), (first["n"].AsInt32, again));
        Assert.Equal(1, next["n"].AsInt32);
        Assert.Equal("TransactionTooOld", old["codeName"]);
        Assert.Equal(2, (await _documents.Find(new BsonDocument()).SingleAsync())["count"].AsInt32);
    }

    [Fact]
    public void A_message_may_carry_a_checksum()
    {
        using var stream = Connect();

        Assert.Equal(1.0, Send(stream, new BsonDocument { { "ping", 1 }, { "$db", "admin" } }, checksum: true)["ok"]);
    }

    [Fact]
    public void An_invalid_message_closes_only_its_own_connection()
    {
        using var stream = Connect();
        stream.Write(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));

        Assert.ThrowsAny<IOException>(() =>
        {
            if (stream.ReadByte() == -1)
            {
                throw new EndOfStreamException();
            }
        });
        using var another = Connect();
        Assert.Equal(1.0, Send(another, new BsonDocument { { "ping", 1 }, { "$db", "admin" } })["ok"]);
    }

    private NetworkStream Connect()
    {
        var client = new TcpClient("127.0.0.1", _server.Port);
        return new NetworkStream(client.Client, ownsSocket: true);
    }

    private static BsonDocument Increment(BsonDocument session, long number) => new()
    {
        { "update", "documents" },
        { "updates", new BsonArray { BsonDocument.Parse("{ q: { _id: 1 }, u: { $inc: { count: 1 } }, upsert: true }") } },
        { "$db", "test" },
        { "lsid", session },
        { "txnNumber", number },
    };

    /// <summary>Sends OP_MSG as the protocol has it, and reads the answer.</summary>
    private static BsonDocument Send(NetworkStream stream, BsonDocument command, bool checksum = false)
    {
        byte[] body = command.ToBson();
        var message = new byte[16 + 4 + 1 + body.Length + (checksum ? 4 : 0)];
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(4), 7);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(12), 2013);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(16), checksum ? 1 : 0);
        body.CopyTo(message.AsSpan(21));
        stream.Write(message);

        var header = new byte[21];
        stream.ReadExactly(header);
        Assert.Equal(7, BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(8)));
        var answer = new byte[BinaryPrimitives.ReadInt32LittleEndian(header) - header.Length];
        stream.ReadExactly(answer);
        return BsonSerializer.Deserialize<BsonDocument>(answer);
    }
}
