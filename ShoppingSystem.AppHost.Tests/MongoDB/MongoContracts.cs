using System.Reflection;
using MongoDB.Driver;
using ShoppingSystem.AppHost.Tests.Cluster;
using ShoppingSystem.MongoDB;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Contracts;
using Xunit.Sdk;

namespace ShoppingSystem.AppHost.Tests.MongoDB;

/// <summary>
/// The adapter under the contracts of its ports. xunit can skip a test but not a class that inherits its tests, so each test
/// of a contract is a case here, on a database of its own.
/// </summary>
[Collection(ClusterTestGroup.Name)]
public sealed class MongoContracts(ClusterShop cluster)
{
    [MongoTheory]
    [MemberData(nameof(TestsOf), typeof(PurchaseStoreContract))]
    public Task Purchase_store(string test, object?[] arguments) => RunAsync(database => new Store(database), test, arguments);

    [MongoTheory]
    [MemberData(nameof(TestsOf), typeof(DeadLettersContract))]
    public Task Dead_letters(string test, object?[] arguments) => RunAsync(database => new Letters(database), test, arguments);

    public static TheoryData<string, object?[]> TestsOf(Type contract)
    {
        var cases = new TheoryData<string, object?[]>();
        foreach (var method in contract.GetMethods().Where(method => method.GetCustomAttribute<FactAttribute>() is not null))
        {
            var data = method.GetCustomAttributes<DataAttribute>().SelectMany(attribute => attribute.GetData(method)).ToList();
            foreach (var arguments in data.Count > 0 ? data : [[]])
            {
                cases.Add(method.Name, arguments);
            }
        }

        return cases;
    }

    private async Task RunAsync<T>(Func<IMongoDatabase, T> open, string test, object?[] arguments) where T : IAsyncLifetime
    {
        var database = await MongoServer.NewDatabaseAsync(cluster);
        var contract = open(database);
        await contract.InitializeAsync();
        try
        {
            await (Task)typeof(T).GetMethod(test)!.Invoke(contract, arguments)!;
        }
        finally
        {
            await contract.DisposeAsync();
            await database.DropAsync();
        }
    }

    private sealed class Store(IMongoDatabase database) : PurchaseStoreContract
    {
        protected override Task<IPurchaseStore> OpenAsync() => Task.FromResult<IPurchaseStore>(new MongoPurchaseStore(database));
    }

    private sealed class Letters(IMongoDatabase database) : DeadLettersContract
    {
        protected override Task<IDeadLetters> OpenAsync() => Task.FromResult<IDeadLetters>(new MongoDeadLetters(database));
    }
}
