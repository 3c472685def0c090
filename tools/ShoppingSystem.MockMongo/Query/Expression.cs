using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>An expression in a pipeline: a field (<c>"$price"</c>), a constant, or a document of these.</summary>
internal static class Expression
{
    /// <summary>The value; null when the field doesn't exist.</summary>
    public static BsonValue? Evaluate(BsonValue expression, BsonDocument document) => expression switch
    {
        BsonString { Value: ['$', '$', ..] } variable =>
            throw new CommandException(ErrorCodes.InvalidPipelineOperator, $"the variable {variable.Value} is not played"),
        BsonString { Value: ['$', ..] } path => FieldPath.Single(document, path.Value[1..]),
        BsonDocument { ElementCount: > 0 } operation when operation.GetElement(0).Name is ['$', ..] name => name == "$literal"
            ? operation[0]
            : throw new CommandException(ErrorCodes.InvalidPipelineOperator, $"Unrecognized expression '{name}'. It is not played here."),
        BsonDocument fields => new BsonDocument(
            from field in fields
            let value = Evaluate(field.Value, document)
            where value is not null
            select new BsonElement(field.Name, value)),
        _ => expression,
    };
}
