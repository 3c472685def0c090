using Microsoft.Extensions.Configuration;
using ShoppingSystem.AppHost;

var builder = DistributedApplication.CreateBuilder(args);

var edition = await Edition.ChooseAsync(builder, args);
if (edition.Refusal is { } refusal)
{
    Console.Error.WriteLine(refusal);
    return 1;
}

if (edition.IsEmbedded)
{
    // Both services run in one process over files, so nothing else has to be started.
    var proxied = builder.NeedsProxy(replicas: 1);
    var shop = builder.AddProject<Projects.ShoppingSystem_Standalone>("standalone", launchProfileName: null)
        .WithHttpOnly()
        .WithHttpEndpoint(port: ServicePorts.Shop, name: "shop", isProxied: proxied)
        .WithHttpEndpoint(port: ServicePorts.Management, name: "management", isProxied: proxied)
        .WithHttpHealthCheck("/-/ready", endpointName: "shop")
        .WithHttpHealthCheck("/-/ready", endpointName: "management")
        // Without this, the dashboard's structured logs would show nothing of this service: these lines tell of its start and its end.
        .WithEnvironment("Logging__LogLevel__Microsoft.Hosting.Lifetime", "Information")
        .WithLinks("shop", "Shop")
        .WithLinks("management", "Operations");
    shop.WithEnvironment("Shopping__WebServerUrl", $"http://127.0.0.1:{shop.GetEndpoint("shop").Property(EndpointProperty.TargetPort)}")
        .WithEnvironment("Shopping__ManagementApiUrl", $"http://127.0.0.1:{shop.GetEndpoint("management").Property(EndpointProperty.TargetPort)}")
        .WithShopCommands("shop");
}
else
{
    var kubernetes = builder.AddKubernetes();
    var kafka = builder.IsGiven("kafka") ? builder.AddConnectionString("kafka") : builder.AddKafkaContainer(kubernetes);
    var shopping = builder.IsGiven("shopping") ? builder.AddConnectionString("shopping") : builder.AddMongoDBContainer(kubernetes);

    var apiKey = builder.AddParameter("management-api-key", new GenerateParameterDefault { MinLength = 32, Special = false }, secret: true, persist: true);

    // Otherwise published services would accept X-Forwarded-For from any proxy: ServiceDefaults has its own list of proxies (Proxies:0).
    var managementApis = builder.Configuration.GetValue("Replicas:management-api", 1);
    var managementApi = builder.AddProject<Projects.ShoppingSystem_ManagementApi>("management-api", launchProfileName: null)
        .WithHttpOnly()
        .DisableForwardedHeaders()
        .WithHttpEndpoint(port: ServicePorts.Management, isProxied: builder.NeedsProxy(managementApis))
        .WithHttpHealthCheck("/-/ready")
        .WithReference(kafka).WaitFor(kafka)
        .WithReference(shopping).WaitFor(shopping)
        .WithEnvironment("Management__ApiKey", apiKey)
        .WithReplicas(managementApis)
        .WithoutDraining()
        .WithLinks("http", "Operations")
        .OnKubernetesByLag(kubernetes);

    // Buying works without the management API, so the web server does not wait for it.
    var webServers = builder.Configuration.GetValue("Replicas:web-server", 1);
    builder.AddProject<Projects.ShoppingSystem_WebServer>("web-server", launchProfileName: null)
        .WithHttpOnly()
        .DisableForwardedHeaders()
        .WithHttpEndpoint(port: ServicePorts.Shop, isProxied: builder.NeedsProxy(webServers))
        .WithExternalHttpEndpoints()
        .WithHttpHealthCheck("/-/ready")
        .WithReference(kafka).WaitFor(kafka)
        .WithReference(managementApi)
        .WithEnvironment("Management__ApiKey", apiKey)
        .WithReplicas(webServers)
        .WithoutDraining()
        .WithLinks("http", "Shop")
        .WithShopCommands("http")
        .OnKubernetesByCpu(kubernetes);
}

builder.Build().Run();
return 0;
