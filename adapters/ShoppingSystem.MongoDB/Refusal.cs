using MongoDB.Bson;
using MongoDB.Driver;

namespace ShoppingSystem.MongoDB;

/// <summary>Distinguishes a document that the server will never accept from a server that can't accept anything at the moment.</summary>
internal static class Refusal
{
    /// <summary>
    /// Errors that concern the document. Any other error counts as a problem of the server: then the batch is
    /// repeated, which loses nothing, while a valid purchase among the dead letters would wait for an operator.
    /// </summary>
    private static readonly HashSet<int> OfTheDocument =
    [
        2,      // BadValue
        9,      // FailedToParse
        14,     // TypeMismatch
        15,     // Overflow
        22,     // InvalidBSON
        61,     // ShardKeyNotFound
        66,     // ImmutableField
        116,    // DocTooLargeForCapped
        121,    // DocumentValidationFailure: an operator's validator
        171,    // CannotIndexParallelArrays
        201,    // CannotBuildIndexKeys
        10334,  // BSONObjectTooLarge
        11000,  // DuplicateKey
        17280,  // KeyTooLong
    ];

    /// <summary>True when every document of the bulk was either written or has such an error, and the writes are durable.</summary>
    public static bool ExplainsAllOf(MongoBulkWriteException<BsonDocument> e) =>
        e.WriteConcernError is null
        && e.UnprocessedRequests.Count == 0
        && e.WriteErrors.All(error => OfTheDocument.Contains(error.Code));
}
