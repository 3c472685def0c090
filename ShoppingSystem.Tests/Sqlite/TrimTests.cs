using Microsoft.Data.Sqlite;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Sqlite;

public sealed class TrimTests(ITestOutputHelper output)
{
    /// <summary>The disk holds the purchases, not their whole past.</summary>
    [Fact]
    public async Task Recorded_purchases_are_trimmed_from_the_log_which_does_not_grow()
    {
        const int Rounds = 12;
        const int PurchasesARound = 5000;
        await using var shop = await InProcessShop.StartAsync();
        for (var round = 1; round <= Rounds; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, PurchasesARound).Select(i =>
                shop.Storage.Log.AppendAsync(Some.Purchase($"user {i}", item: new string('x', 128))).AsTask()));
            await Eventually.TrueAsync(() => Waiting(shop.DataDirectory) == 0, "all is recorded, and trimmed");
            output.WriteLine($"round {round}: {SizeOf(shop.DataDirectory):N0} bytes");
        }

        const long Appended = Rounds * PurchasesARound * 300L;
        Assert.InRange(SizeOf(shop.DataDirectory), 1, Appended / 2);
        Assert.Equal(Rounds * PurchasesARound, shop.Storage.Log.End);
    }

    private static long Waiting(string directory)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(directory, "log.db")};Mode=ReadOnly;Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM groups";
        return (long)command.ExecuteScalar()!;
    }

    private static long SizeOf(string directory) => Directory.GetFiles(directory, "log.db*").Sum(file => new FileInfo(file).Length);
}
