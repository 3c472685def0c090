using Microsoft.Extensions.Logging.Abstractions;
using ShoppingSystem.Purchases;
using ShoppingSystem.Sqlite;
using ShoppingSystem.Tests.Contracts;

namespace ShoppingSystem.Tests.Sqlite;

public sealed class SqlitePurchaseLogTests : PurchaseLogContract
{
    protected override Task<ILogUnderTest> OpenAsync(PurchaseLogOptions options) => Task.FromResult<ILogUnderTest>(new Embedded(options));

    private sealed class Embedded(PurchaseLogOptions options) : ILogUnderTest
    {
        private readonly string _directory = Directory.CreateTempSubdirectory("shopping-test-").FullName;
        private EmbeddedStorage? _storage;

        public IPurchaseLog Log => Storage.Log;

        public IPurchaseFeed Feed => Storage.Feed;

        private EmbeddedStorage Storage => _storage ??= EmbeddedStorage.Open(_directory, options, NullLoggerFactory.Instance);

        public async Task ReopenAsync()
        {
            await Storage.DisposeAsync();
            _storage = null;
        }

        public async ValueTask DisposeAsync()
        {
            await Storage.DisposeAsync();
            Directory.Delete(_directory, recursive: true);
        }
    }
}

public sealed class SqlitePurchaseStoreTests : PurchaseStoreContract
{
    private readonly TemporaryRecord _record = new();

    protected override Task<IPurchaseStore> OpenAsync() => Task.FromResult<IPurchaseStore>(new SqlitePurchaseStore(_record.Database));

    protected override ValueTask CloseAsync() => _record.DisposeAsync();
}

public sealed class SqliteDeadLettersTests : DeadLettersContract
{
    private readonly TemporaryRecord _record = new();

    protected override Task<IDeadLetters> OpenAsync() => Task.FromResult<IDeadLetters>(new SqliteDeadLetters(_record.Database));

    protected override ValueTask CloseAsync() => _record.DisposeAsync();
}

internal sealed class TemporaryRecord
{
    private readonly string _directory = Directory.CreateTempSubdirectory("shopping-test-").FullName;

    public TemporaryRecord() => Database = new RecordDatabase(Path.Combine(_directory, "purchases.db"));

    public RecordDatabase Database { get; }

    public ValueTask DisposeAsync()
    {
        Database.Dispose();
        Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }
}
