namespace ShoppingSystem.MongoDB;

/// <summary>
/// The server's errors that our writes can meet. For single writes of a batch the server sends only the number
/// (mongodb.com/docs/manual/reference/error-codes).
/// </summary>
internal enum ServerError
{
    BadValue = 2,
    HostUnreachable = 6,
    FailedToParse = 9,
    Unauthorized = 13,
    TypeMismatch = 14,
    Overflow = 15,
    AuthenticationFailed = 18,
    InvalidBSON = 22,
    MaxTimeMSExpired = 50,
    ShardKeyNotFound = 61,
    WriteConcernFailed = 64,
    ImmutableField = 66,
    NetworkTimeout = 89,
    ShutdownInProgress = 91,
    UnsatisfiableWriteConcern = 100,
    WriteConflict = 112,
    DocTooLargeForCapped = 116,
    DocumentValidationFailure = 121,
    FailedToSatisfyReadPreference = 133,
    CannotIndexParallelArrays = 171,
    PrimarySteppedDown = 189,
    CannotBuildIndexKeys = 201,
    ExceededTimeLimit = 262,
    NotWritablePrimary = 10107,
    BSONObjectTooLarge = 10334,
    DuplicateKey = 11000,
    InterruptedAtShutdown = 11600,
    InterruptedDueToReplStateChange = 11602,
    StaleConfig = 13388,
    NotPrimaryNoSecondaryOk = 13435,
    NotPrimaryOrSecondary = 13436,
    OutOfDiskSpace = 14031,
    KeyTooLong = 17280,
}

internal static class ServerErrors
{
    public static string Describe(int code, string? name = null)
    {
        name = string.IsNullOrEmpty(name) ? Enum.GetName((ServerError)code) : name;
        return name is null ? $"error {code}" : $"{name} ({code})";
    }
}
