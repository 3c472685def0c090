using System.Text.Json.Nodes;
using Aspire.Hosting.Testing;
using ShoppingSystem.AppHost.Tests.Support;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.AppHost.Tests.Model;

/// <summary>The manifest that deployments are generated from.</summary>
public sealed class ManifestTests : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("shopping-test-");
    private JsonObject _resources = null!;

    public async ValueTask InitializeAsync()
    {
        var file = Path.Combine(_directory.FullName, "manifest.json");
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.ShoppingSystem_AppHost>(
            ["--publisher", "manifest", "--output-path", file]);
        await using var app = await builder.BuildAsync();
        await app.RunAsync();
        _resources = JsonNode.Parse(await File.ReadAllTextAsync(file))!["resources"]!.AsObject();
    }

    public ValueTask DisposeAsync()
    {
        _directory.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    [NeedsFact<AspireIntegrations>]
    public void The_manifest_has_exactly_what_is_deployed() => Assert.Equal(
        ["kafka", "management-api", "management-api-key", "mongodb", "mongodb-password", "mongodb-password-uri-encoded", "shopping", "web-server"],
        _resources.Select(resource => resource.Key).Order());

    [NeedsFact<AspireIntegrations>]
    public void Volumes_have_names_that_are_the_same_everywhere() => Assert.Equal(
        ["shopping-kafka-data", "shopping-mongodb-data"],
        new[] { "kafka", "mongodb" }.Select(name => (string)_resources[name]!["volumes"]![0]!["name"]!));

    [NeedsFact<AspireIntegrations>]
    public void Secrets_are_generated_at_deployment()
    {
        foreach (var name in new[] { "management-api-key", "mongodb-password" })
        {
            var input = _resources[name]!["inputs"]!["value"]!;
            Assert.True((bool)input["secret"]!);
            Assert.NotNull(input["default"]!["generate"]);
        }
    }

    [NeedsFact<AspireIntegrations>]
    public void The_database_is_reached_with_the_generated_password() => Assert.Matches(
        "^mongodb://admin:{mongodb-password-uri-encoded.value}@{mongodb.bindings.tcp.host}:{mongodb.bindings.tcp.port}/shopping\\?",
        (string)_resources["shopping"]!["connectionString"]!);

    [NeedsFact<AspireIntegrations>]
    public void Both_services_are_projects_with_one_http_port_each()
    {
        foreach (var (name, port) in new[] { ("web-server", 8081), ("management-api", 8080) })
        {
            Assert.Equal("project.v0", (string)_resources[name]!["type"]!);
            var binding = Assert.Single(_resources[name]!["bindings"]!.AsObject());
            Assert.Equal(("http", port), (binding.Key, (int)binding.Value!["port"]!));
        }
    }
}
