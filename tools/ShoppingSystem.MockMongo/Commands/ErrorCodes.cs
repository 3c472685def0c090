using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>The server's errors by number (mongodb.com/docs/manual/reference/error-codes), and how drivers treat them.</summary>
internal static class ErrorCodes
{
    public const int BadValue = 2;
    public const int FailedToParse = 9;
    public const int TypeMismatch = 14;
    public const int IllegalOperation = 20;
    public const int NamespaceNotFound = 26;
    public const int IndexNotFound = 27;
    public const int CursorNotFound = 43;
    public const int NamespaceExists = 48;
    public const int CommandNotFound = 59;
    public const int ImmutableField = 66;
    public const int CannotCreateIndex = 67;
    public const int InvalidOptions = 72;
    public const int IndexOptionsConflict = 85;
    public const int IndexKeySpecsConflict = 86;
    public const int UnsatisfiableWriteConcern = 100;
    public const int DocumentValidationFailure = 121;
    public const int InvalidPipelineOperator = 168;
    public const int CannotIndexParallelArrays = 171;
    public const int TransactionTooOld = 225;
    public const int UnsupportedOpQueryCommand = 352;
    public const int DuplicateKey = 11000;
    public const int UnrecognizedStage = 40324;
    public const int UnknownField = 40415;

    private static readonly Dictionary<int, string> Names = new()
    {
        [1] = "InternalError",
        [BadValue] = "BadValue",
        [6] = "HostUnreachable",
        [7] = "HostNotFound",
        [8] = "UnknownError",
        [FailedToParse] = "FailedToParse",
        [11] = "UserNotFound",
        [13] = "Unauthorized",
        [TypeMismatch] = "TypeMismatch",
        [15] = "Overflow",
        [18] = "AuthenticationFailed",
        [IllegalOperation] = "IllegalOperation",
        [22] = "InvalidBSON",
        [NamespaceNotFound] = "NamespaceNotFound",
        [IndexNotFound] = "IndexNotFound",
        [CursorNotFound] = "CursorNotFound",
        [NamespaceExists] = "NamespaceExists",
        [50] = "MaxTimeMSExpired",
        [CommandNotFound] = "CommandNotFound",
        [61] = "ShardKeyNotFound",
        [64] = "WriteConcernFailed",
        [ImmutableField] = "ImmutableField",
        [CannotCreateIndex] = "CannotCreateIndex",
        [InvalidOptions] = "InvalidOptions",
        [IndexOptionsConflict] = "IndexOptionsConflict",
        [IndexKeySpecsConflict] = "IndexKeySpecsConflict",
        [89] = "NetworkTimeout",
        [91] = "ShutdownInProgress",
        [UnsatisfiableWriteConcern] = "UnsatisfiableWriteConcern",
        [112] = "WriteConflict",
        [DocumentValidationFailure] = "DocumentValidationFailure",
        [133] = "FailedToSatisfyReadPreference",
        [InvalidPipelineOperator] = "InvalidPipelineOperator",
        [CannotIndexParallelArrays] = "CannotIndexParallelArrays",
        [189] = "PrimarySteppedDown",
        [TransactionTooOld] = "TransactionTooOld",
        [262] = "ExceededTimeLimit",
        [UnsupportedOpQueryCommand] = "UnsupportedOpQueryCommand",
        [9001] = "SocketException",
        [10107] = "NotWritablePrimary",
        [10334] = "BSONObjectTooLarge",
        [DuplicateKey] = "DuplicateKey",
        [11600] = "InterruptedAtShutdown",
        [11602] = "InterruptedDueToReplStateChange",
        [13435] = "NotPrimaryNoSecondaryOk",
        [13436] = "NotPrimaryOrSecondary",
        [14031] = "OutOfDiskSpace",
    };

    /// <summary>"Not primary" and "node is recovering": these errors say that the server's state has changed.</summary>
    private static readonly HashSet<int> OfTheState = [91, 189, 10107, 11600, 11602, 13435, 13436];

    /// <summary>Errors after which a write may be retried (source/retryable-writes of mongodb/specifications).</summary>
    private static readonly HashSet<int> Retryable = [.. OfTheState, 6, 7, 89, 262, 9001];

    public static string Name(int code) => Names.TryGetValue(code, out var name) ? name : $"Location{code}";

    public static bool IsOfTheState(int code) => OfTheState.Contains(code);

    /// <summary>The labels that tell a driver that it may retry a write.</summary>
    public static BsonArray? Labels(int code, bool retryableWrite) =>
        retryableWrite && Retryable.Contains(code) ? ["RetryableWriteError"] : null;
}
