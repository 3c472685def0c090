using Aspire.Hosting.Testing;
using ShoppingSystem.AppHost.Tests.Support;

namespace ShoppingSystem.AppHost.Tests.Model;

/// <summary>The Helm chart that <c>aspire publish</c> writes.</summary>
public sealed class ChartTests : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("shopping-test-");

    public async Task InitializeAsync()
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.ShoppingSystem_AppHost>(
            ["--operation", "publish", "--step", "publish", "--clear-cache", "true", "--output-path", _directory.FullName]);
        await using var app = await builder.BuildAsync();
        await app.RunAsync();
    }

    public Task DisposeAsync()
    {
        _directory.Delete(recursive: true);
        return Task.CompletedTask;
    }

    [PublishFact]
    public void Services_are_left_to_KEDA()
    {
        foreach (var (service, minimum) in new[] { ("web-server", "webServerMinReplicas"), ("management-api", "managementApiMinReplicas") })
        {
            var scaled = Template(service, service);

            Assert.Contains("kind: \"ScaledObject\"", scaled);
            Assert.Contains($"name: \"{service}-deployment\"", scaled);
            Assert.Contains($"minReplicaCount: {Setting(minimum)}\n", scaled);
            Assert.DoesNotContain("replicas:", Template(service, "deployment"));
        }
    }

    [PublishFact]
    public void The_lag_that_is_watched_is_the_one_that_is_worked_off()
    {
        var scaled = Template("management-api", "management-api");
        var environment = Template("management-api", "config");

        Assert.Contains($"lagThreshold: \"{Setting("lagThreshold")}\"", scaled);
        Assert.Contains($"maxReplicaCount: {Setting("partitions")}\n", scaled);
        foreach (var (key, variable) in new[] { ("bootstrapServers", "ConnectionStrings__kafka"), ("topic", "Shopping__Topic"), ("consumerGroup", "Shopping__ConsumerGroup") })
        {
            Assert.Contains($"{key}FromEnv: \"{variable}\"", scaled);
            Assert.Contains($"{variable}: ", environment);
        }

        Assert.Contains($"Shopping__Topic: \"{Setting("topic")}\"", environment);
    }

    [PublishFact]
    public void Brokers_are_found_from_other_namespaces()
    {
        const string Broker = "kafka-service.{{ .Release.Namespace }}.svc";

        Assert.Contains("name: \"kafka-service\"", Template("kafka", "service"));
        Assert.Contains($"PLAINTEXT_HOST://{Broker}:9092", Template("kafka", "config"));
        Assert.Contains($"ConnectionStrings__kafka: \"{Broker}:9092\"", Template("web-server", "config"));
        Assert.Contains($"ConnectionStrings__kafka: \"{Broker}:9092\"", Template("management-api", "config"));
    }

    [PublishFact]
    public void Services_are_probed_and_have_CPU_requests()
    {
        foreach (var service in new[] { "web-server", "management-api" })
        {
            var deployment = Template(service, "deployment");

            Assert.Contains("path: \"/-/healthy\"", deployment);
            Assert.Contains("path: \"/-/serving\"", deployment);
            Assert.Contains("terminationGracePeriodSeconds: 30", deployment);
            Assert.Contains("cpu: \"500m\"", deployment);
            Assert.Contains("runAsNonRoot: true", deployment);
        }
    }

    private string Template(string resource, string name) =>
        File.ReadAllText(Path.Combine(_directory.FullName, "templates", resource, $"{name}.yaml"));

    private static string Setting(string name) => new[] { "log.env", "scaling.env" }
        .SelectMany(file => File.ReadLines(Path.Combine(AppContext.BaseDirectory, "scaling", file)))
        .Single(line => line.StartsWith($"{name}=", StringComparison.Ordinal))[(name.Length + 1)..];
}
