using ShoppingSystem.Sqlite;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Sqlite;

/// <summary>
/// A record that is too large to be read through before the start is read through beside the shop, and nothing is written to it
/// before that is done.
/// </summary>
public sealed class CheckTests : IDisposable
{
    private const int PageSize = 4096;

    private readonly string _directory = Directory.CreateTempSubdirectory("shopping-test-").FullName;

    private string File => Path.Combine(_directory, "purchases.db");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_sound_database_is_written_to_after_the_check()
    {
        await FillAsync();

        using var database = new RecordDatabase(File);
        var store = new SqlitePurchaseStore(database);

        Assert.Equal(10, (await store.RecordAsync(Some.Purchases(10))).Recorded);
        Assert.True(database.Checked.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_damaged_database_is_named_and_left_unchanged_and_its_sound_part_is_readable()
    {
        await FillAsync();
        var content = await System.IO.File.ReadAllBytesAsync(File);
        content.AsSpan(content.Length - PageSize).Fill(0xA5);
        await System.IO.File.WriteAllBytesAsync(File, content);

        using (var database = new RecordDatabase(File))
        {
            var store = new SqlitePurchaseStore(database);
            var refusal = await Assert.ThrowsAsync<StorageException>(() => store.RecordAsync(Some.Purchases(10)).AsTask());
            Assert.Contains(File, refusal.Message, StringComparison.Ordinal);
            Assert.Equal(1000, await store.CountAsync());
        }

        Assert.Equal(content, await System.IO.File.ReadAllBytesAsync(File));
    }

    [Fact]
    public async Task The_check_can_be_cancelled()
    {
        await FillAsync();

        Assert.Throws<OperationCanceledException>(() => RecordSchema.FileAt(File).Check(new CancellationToken(canceled: true)));
    }

    private async Task FillAsync()
    {
        using var database = new RecordDatabase(File);
        await new SqlitePurchaseStore(database).RecordAsync(Some.Purchases(1000));
    }
}
