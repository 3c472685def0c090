using ShoppingSystem.Kafka;
using ShoppingSystem.Purchases;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Storefront;
using ShoppingSystem.WebServer;

// The customer-facing service: the storefront over Kafka. The history it asks of the management API.
return await ServiceHost.RunAsync(args, Settings.All, async () =>
{
    var builder = ServiceHost.CreateBuilder(args, Settings.All);
    builder.ListenByDefault("http://localhost:8081");

    // A setting that can not be used stops the start here, and is named.
    builder.RequireConnections("kafka");
    builder.Read<KafkaOptions>(PurchaseLogOptions.Section);
    builder.Read<PurchaseLogOptions>(PurchaseLogOptions.Section);
    builder.Read<AdmissionOptions>(AdmissionOptions.Section);

    builder.AddServiceDefaults("ShoppingSystem web server");

    builder.AddKafkaProducer<string, byte[]>(
        "kafka",
        kafka =>
        {
            // Health: the integration's check would produce to a topic of its own every time it is asked; the adapter's asks
            // for metadata. Signals: the integration's spans would stand beside the adapter's, which are the ones that the
            // recorder's spans link to; and its telemetry brings a second SDK into the host.
            kafka.DisableHealthChecks = kafka.DisableTracing = kafka.DisableMetrics = true;
            kafka.Config.ForPurchases(builder.Configuration);
        },
        (services, producer) => producer.ForPurchases(services));
    builder.Services.AddKafkaPurchaseLog();
    builder.AddSignIn();
    builder.AddStorefront();

    await using var app = builder.Build();
    app.UseServiceDefaults();
    app.MapStorefront();
    app.MapEventDescription();
    await app.RunAsync();
});
