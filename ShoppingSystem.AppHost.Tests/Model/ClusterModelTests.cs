using Aspire.Hosting.ApplicationModel;
using ShoppingSystem.AppHost.Tests.Support;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.AppHost.Tests.Model;

/// <summary>The wiring of the cluster, on the model itself.</summary>
public sealed class ClusterModelTests
{
    [NeedsFact<AspireIntegrations>]
    public async Task The_cluster_has_both_services_Kafka_and_MongoDB()
    {
        await using var shop = await ModelledShop.ToPublishAsync();

        Assert.Superset(
            new HashSet<string> { "kafka", "mongodb", "shopping", "web-server", "management-api", "management-api-key" }, shop.Names.ToHashSet());
        Assert.DoesNotContain("standalone", shop.Names);
        Assert.Contains("/shopping", shop.Resource<IResourceWithConnectionString>("shopping").ConnectionStringExpression.ValueExpression, StringComparison.Ordinal);
    }

    [NeedsTheory<AspireIntegrations>]
    [InlineData("web-server", 8081)]
    [InlineData("management-api", 8080)]
    public async Task A_service_has_its_port_and_is_healthy_when_it_is_ready(string name, int port)
    {
        await using var shop = await ModelledShop.ToPublishAsync();

        Assert.Equal(port, shop.Endpoint(name, "http").Port);
        Assert.Equal("http", shop.Endpoint(name, "http").UriScheme);
        var check = Assert.Single(shop[name].Annotations.OfType<HealthCheckAnnotation>());
        Assert.Contains("/-/ready", check.Key, StringComparison.Ordinal);
    }

    [NeedsFact<AspireIntegrations>]
    public async Task Only_the_web_server_is_external()
    {
        await using var shop = await ModelledShop.ToPublishAsync();

        Assert.True(shop.Endpoint("web-server", "http").IsExternal);
        Assert.False(shop.Endpoint("management-api", "http").IsExternal);
    }

    [NeedsFact<AspireIntegrations>]
    public async Task Each_service_of_the_cluster_waits_for_its_own_servers()
    {
        await using var shop = await ModelledShop.ToPublishAsync();

        Assert.Equal(["kafka"], shop.WaitsFor("web-server"));
        Assert.Equal(["kafka", "mongodb", "shopping"], shop.WaitsFor("management-api"));
    }

    [NeedsFact<AspireIntegrations>]
    public async Task Connections_and_the_key_are_handed_over_where_the_services_read_them()
    {
        await using var shop = await ModelledShop.ToPublishAsync();

        var webServer = await shop.EnvironmentAsync("web-server");
        var managementApi = await shop.EnvironmentAsync("management-api");

        Assert.Equal("{kafka.connectionString}", webServer["ConnectionStrings__kafka"]);
        Assert.Equal("{management-api.bindings.http.url}", webServer["services__management-api__http__0"]);
        Assert.Equal("{management-api-key.value}", webServer["Management__ApiKey"]);
        Assert.DoesNotContain("ConnectionStrings__shopping", webServer.Keys);
        Assert.Equal("{kafka.connectionString}", managementApi["ConnectionStrings__kafka"]);
        Assert.Equal("{shopping.connectionString}", managementApi["ConnectionStrings__shopping"]);
        Assert.Equal("{management-api-key.value}", managementApi["Management__ApiKey"]);
    }

    [NeedsFact<AspireIntegrations>]
    public async Task The_key_is_secret_and_generated()
    {
        await using var shop = await ModelledShop.ToPublishAsync();

        var key = shop.Resource<ParameterResource>("management-api-key");

        Assert.True(key.Secret);
        Assert.Equal(32, Assert.IsType<GenerateParameterDefault>(key.Default).MinLength);
    }

    [NeedsTheory<AspireIntegrations>]
    [InlineData("kafka", "shopping-kafka-data", "/var/lib/kafka/data")]
    [InlineData("mongodb", "shopping-mongodb-data", "/data/db")]
    public async Task Data_is_kept_in_named_volumes(string name, string volume, string target)
    {
        await using var shop = await ModelledShop.ToPublishAsync();

        var mount = Assert.Single(shop[name].Annotations.OfType<ContainerMountAnnotation>());

        Assert.Equal((ContainerMountType.Volume, volume, target), (mount.Type, mount.Source, mount.Target));
    }

    [NeedsFact<AspireIntegrations>]
    public async Task Tools_and_the_load_test_are_not_published()
    {
        await using var shop = await ModelledShop.ToPublishAsync();

        foreach (var tool in new[] { "kafka-ui", "mongodb-mongoexpress", "load-test" })
        {
            Assert.True(shop[tool].IsExcludedFromPublish(), tool);
        }
    }

    [NeedsTheory<AspireIntegrations>]
    [InlineData("web-server")]
    [InlineData("management-api")]
    public async Task Replicas_are_one_by_default_and_configurable(string name)
    {
        await using var one = await ModelledShop.ToPublishAsync();
        await using var three = await ModelledShop.ToPublishAsync($"--Replicas:{name}=3");

        Assert.Equal(1, one[name].GetReplicaCount());
        Assert.Equal(3, three[name].GetReplicaCount());
    }

    [NeedsFact<AspireIntegrations>]
    public async Task The_web_server_has_the_commands()
    {
        await using var shop = await ModelledShop.ToPublishAsync();

        var commands = shop["web-server"].Annotations.OfType<ResourceCommandAnnotation>().Select(command => command.DisplayName);

        Assert.Superset(new HashSet<string> { "Buy something", "Generate load" }, commands.ToHashSet());
    }
}
