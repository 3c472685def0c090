using ShoppingSystem.Kafka;
using ShoppingSystem.Ledger;
using ShoppingSystem.ManagementApi;
using ShoppingSystem.MongoDB;
using ShoppingSystem.ServiceDefaults;

// The internal service: the ledger over Kafka and MongoDB.
return await ServiceHost.RunAsync(args, Settings.All, async () =>
{
    var builder = ServiceHost.CreateBuilder(args, Settings.All);
    builder.ListenByDefault("http://localhost:8080");
    builder.RequireConnections("kafka", "shopping");
    builder.AddServiceDefaults("ShoppingSystem management API");
    builder.AddKafkaPurchaseFeed();
    builder.AddMongoPurchaseStore();
    builder.AddLedger();

    await using var app = builder.Build();
    app.UseServiceDefaults();
    app.MapLedger();
    await app.RunAsync();
});
