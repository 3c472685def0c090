namespace ShoppingSystem.MongoDB;

/// <summary>
/// The names of the server's errors that our writes can meet. For single writes of a batch the server sends only the number
/// (mongodb.com/docs/manual/reference/error-codes).
/// </summary>
internal static class ServerErrors
{
    private static readonly Dictionary<int, string> Names = new()
    {
        [2] = "BadValue",
        [6] = "HostUnreachable",
        [9] = "FailedToParse",
        [13] = "Unauthorized",
        [14] = "TypeMismatch",
        [15] = "Overflow",
        [18] = "AuthenticationFailed",
        [22] = "InvalidBSON",
        [50] = "MaxTimeMSExpired",
        [61] = "ShardKeyNotFound",
        [64] = "WriteConcernFailed",
        [66] = "ImmutableField",
        [89] = "NetworkTimeout",
        [91] = "ShutdownInProgress",
        [100] = "UnsatisfiableWriteConcern",
        [112] = "WriteConflict",
        [116] = "DocTooLargeForCapped",
        [121] = "DocumentValidationFailure",
        [133] = "FailedToSatisfyReadPreference",
        [171] = "CannotIndexParallelArrays",
        [189] = "PrimarySteppedDown",
        [201] = "CannotBuildIndexKeys",
        [262] = "ExceededTimeLimit",
        [10107] = "NotWritablePrimary",
        [10334] = "BSONObjectTooLarge",
        [11000] = "DuplicateKey",
        [11600] = "InterruptedAtShutdown",
        [11602] = "InterruptedDueToReplStateChange",
        [13388] = "StaleConfig",
        [13435] = "NotPrimaryNoSecondaryOk",
        [13436] = "NotPrimaryOrSecondary",
        [14031] = "OutOfDiskSpace",
        [17280] = "KeyTooLong",
    };

    public static string Describe(int code, string? name = null)
    {
        name = string.IsNullOrEmpty(name) ? Names.GetValueOrDefault(code) : name;
        return name is null ? $"error {code}" : $"{name} ({code})";
    }
}
