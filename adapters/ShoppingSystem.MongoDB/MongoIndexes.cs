using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using MongoDB.Bson;
using MongoDB.Driver;

namespace ShoppingSystem.MongoDB;

/// <summary>
/// Creates missing indexes on start. The host starts meanwhile, but is not ready before they exist: without them, reading a
/// history scans the whole collection.
/// </summary>
internal sealed partial class MongoIndexes(IMongoDatabase database, ILogger<MongoIndexes> logger) : BackgroundService
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(5);

    private volatile string? _missing = "the indexes are not there yet";

    /// <summary>Why the indexes can't be relied on yet; null when they can.</summary>
    public string? Missing => _missing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var retry = FirstRetry; !stoppingToken.IsCancellationRequested; retry = TimeSpan.FromTicks(Math.Min(retry.Ticks * 2, LastRetry.Ticks)))
        {
            try
            {
                await EnsureAsync(PurchaseDocument.Collection, PurchaseDocument.Index, "history", stoppingToken);
                await EnsureAsync(DeadLetterDocument.Collection, DeadLetterDocument.Index, "newest", stoppingToken);
                _missing = null;
                return;
            }
            catch (Exception e) when (e is MongoException or TimeoutException)
            {
                _missing = $"the indexes are not there yet: {ErrorTexts.Describe(e)}";
                LogNotYet(ErrorTexts.Describe(e), retry);
                await Task.Delay(retry, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
            }
        }
    }

    private async Task EnsureAsync(string collection, BsonDocument keys, string name, CancellationToken cancellationToken)
    {
        try
        {
            await database.GetCollection<BsonDocument>(collection).Indexes.CreateOneAsync(
                new CreateIndexModel<BsonDocument>(keys, new CreateIndexOptions { Name = name }), cancellationToken: cancellationToken);
        }
        catch (MongoCommandException e) when (e.CodeName is "IndexOptionsConflict" or "IndexKeySpecsConflict" or "Unauthorized")
        {
            // An operator has to decide: the index exists under another name or with other options, or only the operator may create it.
            LogNotCreated(collection, name, keys, ErrorTexts.Describe(e));
        }
    }

    [LoggerMessage(LogLevel.Warning, "The indexes could not be created: {Reason}; next attempt in {Delay}")]
    private partial void LogNotYet(string reason, TimeSpan delay);

    [LoggerMessage(LogLevel.Warning, "The index {Collection}.{Name} on {Keys} was not created: {Reason}")]
    private partial void LogNotCreated(string collection, string name, BsonDocument keys, string reason);
}
