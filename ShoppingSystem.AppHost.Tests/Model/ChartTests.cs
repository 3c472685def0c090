using System.Globalization;
using Aspire.Hosting.Testing;
using ShoppingSystem.AppHost.Tests.Support;
using ShoppingSystem.Tests.Support;
using YamlDotNet.Serialization;

namespace ShoppingSystem.AppHost.Tests.Model;

/// <summary>The Helm chart that <c>aspire publish</c> writes.</summary>
public sealed class ChartTests : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("shopping-test-");

    public async ValueTask InitializeAsync()
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.ShoppingSystem_AppHost>(
            ["--operation", "publish", "--step", "publish", "--clear-cache", "true", "--output-path", _directory.FullName]);
        await using var app = await builder.BuildAsync();
        await app.RunAsync();
    }

    public ValueTask DisposeAsync()
    {
        _directory.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    [NeedsFact<AspireIntegrations>]
    public void Only_KEDA_sets_the_replicas_of_the_services()
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

    [NeedsFact<AspireIntegrations>]
    public void KEDA_watches_the_brokers_topic_and_group_of_the_management_API()
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

    /// <summary>What kustomize replaces in the ScaledObjects, the chart replaces, too, as a number or a string like what is written there.</summary>
    [NeedsFact<AspireIntegrations>]
    public void Every_setting_of_a_ScaledObject_comes_from_scaling_env()
    {
        var replacements = (List<object>)At(Parse(Deployed("keda/kustomization.yaml")), "replacements");
        Assert.NotEmpty(replacements);

        foreach (var replacement in replacements)
        {
            var setting = ((string)At(replacement, "source", "fieldPath"))["data.".Length..];
            var service = (string)At(replacement, "targets", "0", "select", "name");
            string[] path = ((string)At(replacement, "targets", "0", "fieldPaths", "0")).Split('.');

            Assert.Equal(Setting(setting), At(Parse(Template(service, service)), path));
            Assert.Contains(path[1] == "triggers" ? $"{path[^1]}: \"{Setting(setting)}\"\n" : $"{path[^1]}: {Setting(setting)}\n", Template(service, service));
        }
    }

    [NeedsFact<AspireIntegrations>]
    public void Brokers_are_addressed_with_their_namespace()
    {
        const string Broker = "kafka-service.{{ .Release.Namespace }}.svc";

        Assert.Contains("name: \"kafka-service\"", Template("kafka", "service"));
        Assert.Contains($"PLAINTEXT_HOST://{Broker}:9092", Template("kafka", "config"));
        Assert.Contains($"ConnectionStrings__kafka: \"{Broker}:9092\"", Template("web-server", "config"));
        Assert.Contains($"ConnectionStrings__kafka: \"{Broker}:9092\"", Template("management-api", "config"));
    }

    [NeedsFact<AspireIntegrations>]
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

    /// <summary>What <c>deploy/components</c> does to both services, the chart does too: neither of the two ways to Kubernetes lacks what the other has.</summary>
    [NeedsFact<AspireIntegrations>]
    public void Services_are_configured_as_in_deploy()
    {
        foreach (var service in new[] { "web-server", "management-api" })
        {
            var deployment = Parse(Template(service, "deployment"));

            foreach (var operation in (List<object>)Parse(Deployed("hardening/services.yaml")))
            {
                var (path, value) = (((Dictionary<object, object>)operation)["path"], ((Dictionary<object, object>)operation)["value"]);
                AssertHas(At(deployment, [.. ((string)path).Split('/').Skip(1)]), value, $"{service} {path}");
            }

            var own = Parse(Deployed($"hardening/{service}.yaml"));
            AssertHas(At(deployment, "spec", "template", "spec"), At(own, "spec", "template", "spec"), service);
            AssertHas(At(Parse(Template(service, service)), "spec", "advanced"), At(Parse(Deployed($"keda/{service}.yaml")), "spec", "advanced"), service);
            AssertHas(At(Parse(Template(service, service)), "spec", "triggers"), At(Parse(Deployed($"keda/{service}.yaml")), "spec", "triggers"), service);
        }
    }

    [NeedsFact<AspireIntegrations>]
    public void Network_policies_and_disruption_budgets_are_those_of_deploy()
    {
        foreach (var file in new[] { "disruption-budgets", "network-policies" })
        {
            foreach (var document in Deployed($"hardening/{file}.yaml").Split("\n---\n"))
            {
                var expected = Parse(document);
                var (kind, about) = ((string)At(expected, "kind"), (string)At(expected, "metadata", "name"));
                var owner = about is "default-deny" ? "web-server" : about;
                var actual = Parse(Template(owner, owner == about ? kind.ToLowerInvariant() : $"{about}-{kind.ToLowerInvariant()}"));

                Assert.Equal(At(expected, "apiVersion"), At(actual, "apiVersion"));
                AssertHas(At(actual, "spec"), At(expected, "spec"), $"{kind} {about}");
                AssertHas(At(expected, "spec"), At(actual, "spec"), $"{kind} {about}");
            }
        }

        foreach (var name in new[] { "web-server", "management-api", "kafka", "mongodb" })
        {
            var workload = Parse(Template(name, name is "kafka" or "mongodb" ? "statefulset" : "deployment"));
            Assert.Equal(name, At(workload, "spec", "template", "metadata", "labels", "app"));
        }
    }

    private static object Parse(string yaml) => new DeserializerBuilder().Build().Deserialize<object>(yaml)!;

    private static object At(object node, params ReadOnlySpan<string> path)
    {
        foreach (var step in path)
        {
            node = node is List<object> list ? list[int.Parse(step, CultureInfo.InvariantCulture)] : ((Dictionary<object, object>)node)[step];
        }

        return node;
    }

    // Names differ that each way gives itself; numbers that are 0 under deploy come from scaling.env.
    private static void AssertHas(object actual, object expected, string where)
    {
        switch (expected)
        {
            case Dictionary<object, object> fields:
                var has = Assert.IsType<Dictionary<object, object>>(actual);
                foreach (var (key, value) in fields.Where(field => field.Value is not "0" || field.Key is "stabilizationWindowSeconds"))
                {
                    Assert.True(has.ContainsKey(key), $"{where} lacks {key}");
                    AssertHas(has[key], value, $"{where} {key}");
                }

                break;
            case List<object> items:
                var all = Assert.IsType<List<object>>(actual);
                Assert.True(all.Count >= items.Count, $"{where} has {all.Count} instead of {items.Count}");
                for (var i = 0; i < items.Count; i++)
                {
                    AssertHas(all[i], items[i], $"{where} {i}");
                }

                break;
            default:
                if (!where.EndsWith(" containers 0 name", StringComparison.Ordinal))
                {
                    Assert.True(expected.Equals(actual), $"{where} is {actual} instead of {expected}");
                }

                break;
        }
    }

    private static string Deployed(string file) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "components", file));

    private string Template(string resource, string name) =>
        File.ReadAllText(Path.Combine(_directory.FullName, "templates", resource, $"{name}.yaml"));

    private static string Setting(string name) => new[] { "log.env", "scaling.env" }
        .SelectMany(file => File.ReadLines(Path.Combine(AppContext.BaseDirectory, "components", "keda", file)))
        .Single(line => line.StartsWith($"{name}=", StringComparison.Ordinal))[(name.Length + 1)..];
}
