using ShoppingSystem.Kafka;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Storefront;
using ShoppingSystem.WebServer;

// The customer-facing service: the storefront over Kafka. It gets histories from the management API.
return await ServiceHost.RunAsync(args, Settings.All, async () =>
{
    var builder = ServiceHost.CreateBuilder(args, Settings.All);
    builder.ListenByDefault("http://localhost:8081");
    builder.RequireConnections("kafka");
    builder.AddServiceDefaults("ShoppingSystem web server");
    builder.AddKafkaPurchaseLog();
    builder.AddSignIn();
    builder.AddStorefront();

    await using var app = builder.Build();
    app.UseServiceDefaults();
    app.MapStorefront();
    app.MapEventDescription();
    await app.RunAsync();
});
