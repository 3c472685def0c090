using MongoDB.Bson;

namespace ShoppingSystem.MockMongo;

/// <summary>The stages of an aggregation that this server supports; any other is an error that names it.</summary>
internal static class Pipeline
{
    public static IEnumerable<BsonDocument> Run(IEnumerable<BsonDocument> documents, BsonArray stages) =>
        stages.Select(stage => stage.AsBsonDocument.GetElement(0)).Aggregate(documents, Apply);

    private static IEnumerable<BsonDocument> Apply(IEnumerable<BsonDocument> documents, BsonElement stage)
    {
        var argument = stage.Value;
        switch (stage.Name)
        {
            case "$match":
                return documents.Where(new Filter(argument.AsBsonDocument).Matches);
            case "$sort":
                return new SortOrder(argument.AsBsonDocument).Apply(documents);
            case "$skip":
                return documents.Skip(argument.ToInt32());
            case "$limit":
                return documents.Take(argument.ToInt32());
            case "$project":
                return documents.Select(new Projection(argument.AsBsonDocument).Apply);
            case "$group":
                return Group.Apply(argument.AsBsonDocument, documents);
            case "$count":
                var count = documents.Count();
                return count == 0 ? [] : [new BsonDocument(argument.AsString, count)];
            default:
                throw new CommandException(ErrorCodes.UnrecognizedStage, $"Unrecognized pipeline stage name: '{stage.Name}'. It is not played here.");
        }
    }
}
