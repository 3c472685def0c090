using MongoDB.Driver;
using ShoppingSystem.Kafka;
using ShoppingSystem.Ledger;
using ShoppingSystem.ManagementApi;
using ShoppingSystem.MongoDB;
using ShoppingSystem.Purchases;
using ShoppingSystem.ServiceDefaults;

// The internal service: the ledger, fed by Kafka, kept in MongoDB.
return await ServiceHost.RunAsync(
    args,
    Settings.All,
    async () =>
    {
        var builder = ServiceHost.CreateBuilder(args, Settings.All);
        builder.ListenByDefault("http://localhost:8080");

        // A setting that can not be used stops the start here, and is named.
        builder.RequireConnections("kafka", "shopping");
        builder.Read<KafkaOptions>(PurchaseLogOptions.Section);
        builder.Read<PurchaseLogOptions>(PurchaseLogOptions.Section);

        builder.AddServiceDefaults("ShoppingSystem management API");

        // The integrations' health checks and signals are off in favour of the adapters' own: see the web server. The MongoDB
        // driver traces itself; ServiceDefaults listens to it.
        builder.AddKafkaConsumer<string, byte[]>(
            "kafka",
            kafka =>
            {
                kafka.DisableHealthChecks = kafka.DisableTracing = kafka.DisableMetrics = true;
                kafka.Config.ForPurchases(builder.Configuration);
            },
            (services, consumer) => consumer.ForPurchases(services));
        builder.AddMongoDBClient(
            "shopping",
            mongo => mongo.DisableHealthChecks = mongo.DisableTracing = true,
            client => client.ForPurchases());
        builder.Services.AddKafkaPurchaseFeed();
        builder.Services.AddMongoPurchaseStore();
        builder.AddLedger();

        await using var app = builder.Build();
        app.UseServiceDefaults();
        app.MapLedger();
        await app.RunAsync();
    },
    // The driver's own text quotes the connection string, at times with the password in it.
    e => e is MongoConfigurationException
        ? "ConnectionStrings:shopping is not a MongoDB connection string such as mongodb://user:password@host/shopping?tls=true, with special characters percent-encoded."
        : null);
