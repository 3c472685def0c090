using Microsoft.Extensions.Configuration;
using ShoppingSystem.AppHost;

var builder = DistributedApplication.CreateBuilder(args);

if (await Edition.IsEmbeddedAsync(builder, args))
{
    // Both services in one process over files: nothing else to start.
    var shop = builder.AddProject<Projects.ShoppingSystem_Standalone>("standalone", launchProfileName: null)
        .WithHttpEndpoint(port: 8081, name: "shop")
        .WithHttpEndpoint(port: 8080, name: "management")
        .WithHttpHealthCheck("/-/ready", endpointName: "shop")
        .WithHttpHealthCheck("/-/ready", endpointName: "management")
        .WithLinks("shop", "Shop")
        .WithLinks("management", "Operations");
    shop.WithEnvironment("Shopping__WebServerUrl", $"http://127.0.0.1:{shop.GetEndpoint("shop").Property(EndpointProperty.TargetPort)}")
        .WithEnvironment("Shopping__ManagementApiUrl", $"http://127.0.0.1:{shop.GetEndpoint("management").Property(EndpointProperty.TargetPort)}")
        .WithShopCommands("shop");
}
else
{
    var kafka = builder.AddKafka("kafka")
        .WithDataVolume("shopping-kafka-data")
        .WithKafkaUI();

    var shopping = builder.AddMongoDB("mongodb")
        .WithDataVolume("shopping-mongodb-data")
        .WithMongoExpress()
        .AddDatabase("shopping");

    var apiKey = builder.AddParameter("management-api-key", new GenerateParameterDefault { MinLength = 32, Special = false }, secret: true, persist: true);

    // Published services would believe any proxy's X-Forwarded-For: ServiceDefaults has its own list of proxies (Proxies:0).
    var managementApi = builder.AddProject<Projects.ShoppingSystem_ManagementApi>("management-api", launchProfileName: null)
        .DisableForwardedHeaders()
        .WithHttpEndpoint(port: 8080)
        .WithHttpHealthCheck("/-/ready")
        .WithReference(kafka).WaitFor(kafka)
        .WithReference(shopping).WaitFor(shopping)
        .WithEnvironment("Management__ApiKey", apiKey)
        .WithReplicas(builder.Configuration.GetValue("Replicas:management-api", 1))
        .WithLinks("http", "Operations");

    // It sells without the management API, so it does not wait for it.
    builder.AddProject<Projects.ShoppingSystem_WebServer>("web-server", launchProfileName: null)
        .DisableForwardedHeaders()
        .WithHttpEndpoint(port: 8081)
        .WithExternalHttpEndpoints()
        .WithHttpHealthCheck("/-/ready")
        .WithReference(kafka).WaitFor(kafka)
        .WithReference(managementApi)
        .WithEnvironment("Management__ApiKey", apiKey)
        .WithReplicas(builder.Configuration.GetValue("Replicas:web-server", 1))
        .WithLinks("http", "Shop")
        .WithShopCommands("http");
}

builder.Build().Run();
