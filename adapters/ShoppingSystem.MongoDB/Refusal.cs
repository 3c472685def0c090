using MongoDB.Bson;
using MongoDB.Driver;

namespace ShoppingSystem.MongoDB;

/// <summary>Distinguishes a document that the server will never accept from a server that can't accept anything at the moment.</summary>
internal static class Refusal
{
    /// <summary>True when every document of the bulk was either written or has an error of its own, and the writes are durable.</summary>
    public static bool ExplainsAllOf(MongoBulkWriteException<BsonDocument> e) =>
        e.WriteConcernError is null && e.UnprocessedRequests.Count == 0 && e.WriteErrors.All(error => IsOfTheDocument((ServerError)error.Code));

    // Any other error counts as a problem of the server: then the batch is repeated, which loses nothing, while a valid purchase among the
    // dead letters would wait for an operator. An operator's validator gives DocumentValidationFailure.
    private static bool IsOfTheDocument(ServerError error) => error is
        ServerError.BadValue or ServerError.FailedToParse or ServerError.TypeMismatch or ServerError.Overflow or ServerError.InvalidBSON
        or ServerError.ShardKeyNotFound or ServerError.ImmutableField or ServerError.DocTooLargeForCapped or ServerError.DocumentValidationFailure
        or ServerError.CannotIndexParallelArrays or ServerError.CannotBuildIndexKeys or ServerError.BSONObjectTooLarge
        or ServerError.DuplicateKey or ServerError.KeyTooLong;
}
