using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>
/// <c>hello</c> and its old name <c>isMaster</c>: the primary of a replica set of one. A monitor that waits for changes
/// (<c>maxAwaitTimeMS</c>) gets an answer when there is one.
/// </summary>
internal sealed class Handshake(int port)
{
    public const string SetName = "mock";
    public const int MaxDocumentSize = 16 * 1024 * 1024;
    public const int MaxWriteBatchSize = 100_000;
    public const int SessionTimeoutMinutes = 30;

    // The version of MongoDB 8.0.
    private const int MaxWireVersion = 25;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly ObjectId _process = ObjectId.GenerateNewId();
    private readonly ObjectId _election = ObjectId.GenerateNewId();
    private readonly string _address = $"127.0.0.1:{port}";
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _version;

    public static bool Asks(Request request) => request.Name is "hello" or "isMaster" or "ismaster";

    /// <summary>Distinguishes an old state of the server from a new one.</summary>
    public BsonDocument TopologyVersion
    {
        get
        {
            lock (_lock)
            {
                return new BsonDocument { { "processId", _process }, { "counter", _version } };
            }
        }
    }

    /// <summary>Reports that the server's state has changed.</summary>
    public void Change()
    {
        lock (_lock)
        {
            _version++;
            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>
    /// Waits until there is a state that the client does not know yet, at most as long as the client wants to wait and at most a
    /// second: if its monitor has read the new state before the error that belongs to it, it gets the state again soon.
    /// </summary>
    public async Task UntilNewsAsync(BsonDocument? known, TimeSpan atMost, CancellationToken cancellationToken)
    {
        Task changed;
        lock (_lock)
        {
            if (known is null || known["processId"] != _process || known["counter"].ToInt64() != _version)
            {
                return;
            }

            changed = _changed.Task;
        }

        await Task.WhenAny(changed, Task.Delay(atMost < LongestWait ? atMost : LongestWait, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
    }

    public BsonDocument Answer(Request request, int connection) => new()
    {
        { "helloOk", true },
        { request.Name == "hello" ? "isWritablePrimary" : "ismaster", true },
        { "topologyVersion", TopologyVersion },
        { "setName", SetName },
        { "setVersion", 1 },
        { "secondary", false },
        { "hosts", new BsonArray { _address } },
        { "primary", _address },
        { "me", _address },
        { "electionId", _election },
        { "maxBsonObjectSize", MaxDocumentSize },
        { "maxMessageSizeBytes", WireFormat.MaxMessageSize },
        { "maxWriteBatchSize", MaxWriteBatchSize },
        { "localTime", new BsonDateTime(DateTime.UtcNow) },
        { "logicalSessionTimeoutMinutes", SessionTimeoutMinutes },
        { "connectionId", connection },
        { "minWireVersion", 0 },
        { "maxWireVersion", MaxWireVersion },
        { "readOnly", false },
        { "ok", 1.0 },
    };
}
