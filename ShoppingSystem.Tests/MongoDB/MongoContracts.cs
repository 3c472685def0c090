using ShoppingSystem.MongoDB;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Contracts;

namespace ShoppingSystem.Tests.MongoDB;

/// <summary>The contract of the record's port.</summary>
public sealed class MongoPurchaseStoreContractTests : PurchaseStoreContract
{
    private TestDatabase _database = null!;

    protected override async Task<IPurchaseStore> OpenAsync()
    {
        _database = await TestDatabase.NewAsync();
        return new MongoPurchaseStore(_database.Database);
    }

    protected override ValueTask CloseAsync() => _database.DisposeAsync();
}

/// <summary>The contract of the dead letters' port.</summary>
public sealed class MongoDeadLettersContractTests : DeadLettersContract
{
    private TestDatabase _database = null!;

    protected override async Task<IDeadLetters> OpenAsync()
    {
        _database = await TestDatabase.NewAsync();
        return new MongoDeadLetters(_database.Database);
    }

    protected override ValueTask CloseAsync() => _database.DisposeAsync();
}
