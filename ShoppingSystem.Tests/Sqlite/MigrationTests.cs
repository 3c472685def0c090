using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using ShoppingSystem.Purchases;
using ShoppingSystem.Sqlite;

namespace ShoppingSystem.Tests.Sqlite;

/// <summary>
/// Files of all versions, as these wrote them: in <c>Files</c> lies one of each version of the log and of the record. In those of
/// one version five purchases are recorded and three more wait in the log.
/// </summary>
public sealed class MigrationTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("shopping-test-").FullName;

    public static TheoryData<string, string> Files => new()
    {
        { "log-v1.sqlite", "groups" }, { "record-v1.sqlite", "purchases" }, { "log-v2.sqlite", "groups" }, { "record-v2.sqlite", "purchases" },
    };

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_shop_of_any_version_goes_on_with_all_that_it_had(int version)
    {
        Copy($"log-v{version}.sqlite", "log.db");
        Copy($"record-v{version}.sqlite", "purchases.db");

        await using var storage = EmbeddedStorage.Open(_directory, new PurchaseLogOptions(), NullLoggerFactory.Instance);
        var store = new SqlitePurchaseStore(storage.Record);

        Assert.Equal(5, await store.CountAsync());
        await using var batches = storage.Feed.ReadAsync().GetAsyncEnumerator();
        Assert.True(await batches.MoveNextAsync());
        var waiting = batches.Current.Events.Select(@event => PurchaseEvent.TryRead(@event, out var purchase, out _) ? purchase : null).ToList();
        Assert.Equal(["waiting 1", "waiting 2", "waiting 3"], waiting.Select(purchase => purchase?.Item));
        Assert.Equal(3, (await store.RecordAsync(waiting!)).Recorded);
        Assert.Equal(
            ["waiting 3", "waiting 2", "waiting 1", "recorded 5", "recorded 4", "recorded 3", "recorded 2", "recorded 1"],
            (await store.ReadHistoryAsync("ada", 10)).Purchases.Select(purchase => purchase.Item));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_database_of_an_earlier_version_is_migrated_and_keeps_its_rows(string fixture, string table)
    {
        var path = Copy(fixture, "file");
        var rows = Rows(path, table);

        New(path, table, $"ALTER TABLE {table} ADD COLUMN added TEXT", $"CREATE TABLE more (id INTEGER); UPDATE {table} SET added = 'yes'").Prepare();

        Assert.Equal(Versions(table) + 2, Scalar(path, "PRAGMA user_version"));
        Assert.Equal(rows, Scalar(path, $"SELECT count(*) FROM {table} WHERE added = 'yes'"));
        Assert.Equal(0L, Scalar(path, "SELECT count(*) FROM more"));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_new_database_and_a_migrated_one_have_the_same_schema(string fixture, string table)
    {
        var (old, young) = (Copy(fixture, "old"), Path.Combine(_directory, "young"));

        New(old, table).Prepare();
        New(young, table).Prepare();

        const string Schema = "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name)";
        Assert.Equal(Scalar(young, Schema), Scalar(old, Schema));
        Assert.Equal(Scalar(young, "PRAGMA user_version"), Scalar(old, "PRAGMA user_version"));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_migration_that_fails_leaves_the_version_before_it_and_the_file_is_named(string fixture, string table)
    {
        var path = Copy(fixture, "file");
        string[] failing = [$"ALTER TABLE {table} ADD COLUMN added TEXT", $"CREATE TABLE half (id INTEGER); UPDATE {table} SET nonsense = 1"];

        var refusal = Assert.Throws<StorageException>(() => New(path, table, failing).Prepare());

        Assert.Contains(path, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(Versions(table) + 1, Scalar(path, "PRAGMA user_version"));
        Assert.Equal(0L, Scalar(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"));
        New(path, table, failing[0], $"UPDATE {table} SET added = 'yes'").Prepare();
        Assert.Equal(Versions(table) + 2, Scalar(path, "PRAGMA user_version"));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_database_of_a_later_version_is_refused_by_name(string fixture, string table)
    {
        var path = Copy(fixture, "file");
        New(path, table, "CREATE TABLE later (id INTEGER)").Prepare();
        var content = File.ReadAllBytes(path);

        var refusal = Assert.Throws<StorageException>(() => New(path, table).Prepare());

        Assert.Contains($"{path} was written by a later version", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllBytes(path));
    }

    [Theory]
    [InlineData("record-v1.sqlite", "groups")]
    [InlineData("log-v1.sqlite", "purchases")]
    [InlineData("record-v2.sqlite", "groups")]
    [InlineData("log-v2.sqlite", "purchases")]
    public void A_log_in_place_of_a_record_or_the_reverse_is_refused_by_name(string fixture, string table)
    {
        var path = Copy(fixture, "file");
        var content = File.ReadAllBytes(path);

        var refusal = Assert.Throws<StorageException>(() => New(path, table).Prepare());

        Assert.Contains($"{path} is another database", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllBytes(path));
    }

    [Fact]
    public void A_database_of_another_program_is_refused_by_name()
    {
        var path = Path.Combine(_directory, "file");
        Scalar(path, "CREATE TABLE mine (id INTEGER)");

        var refusal = Assert.Throws<StorageException>(() => New(path, "purchases").Prepare());

        Assert.Contains($"{path} is another database", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(0L, Scalar(path, "PRAGMA user_version"));
    }

    private static DatabaseFile New(string path, string table, params string[] further) =>
        new(path, table, [.. Migrations(table), .. further]);

    private static IReadOnlyList<string> Migrations(string table) => table is "groups" ? LogSchema.Migrations : RecordSchema.Migrations;

    private static long Versions(string table) => Migrations(table).Count;

    private string Copy(string fixture, string name)
    {
        var path = Path.Combine(_directory, name);
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Sqlite", "Files", fixture), path);
        return path;
    }

    private static long Rows(string path, string table) => (long)Scalar(path, $"SELECT count(*) FROM {table}")!;

    private static object? Scalar(string path, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
