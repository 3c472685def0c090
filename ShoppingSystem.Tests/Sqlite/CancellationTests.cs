using ShoppingSystem.Sqlite;

namespace ShoppingSystem.Tests.Sqlite;

/// <summary>Requests that give up, because their time is over or their customer is gone, stop the query, too.</summary>
public sealed class CancellationTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("shopping-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_query_that_is_cancelled_while_it_runs_ends()
    {
        const string Endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        using var database = new RecordDatabase(Path.Combine(_directory, "purchases.db"));
        using var cancelling = new CancellationTokenSource();

        Assert.Throws<OperationCanceledException>(() => database.Read(new Query("SELECT", "n", Endless), connection =>
        {
            cancelling.CancelAfter(TimeSpan.FromMilliseconds(50));
            return connection.Scalar(Endless);
        }, cancelling.Token));

        Assert.Equal(7L, database.Read(new Query("SELECT", "n", "SELECT 7"), connection => connection.Scalar("SELECT 7"), CancellationToken.None));
    }
}
