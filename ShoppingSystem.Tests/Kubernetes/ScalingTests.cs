using System.Text.RegularExpressions;
using ShoppingSystem.Kafka;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kubernetes;

/// <summary>The ScaledObjects: does KEDA watch what the services work on, and want what <c>scaling.env</c> says?</summary>
public sealed class ScalingTests
{
    // Every key of KEDA's Kafka scaler that is used here; one that it doesn't know it would ignore without a word.
    private static readonly string[] KafkaScalerKeys =
    [
        "bootstrapServers", "consumerGroup", "topic", "lagThreshold", "activationLagThreshold", "offsetResetPolicy", "allowIdleConsumers",
        "scaleToZeroOnInvalidOffset", "excludePersistentLag", "limitToPartitionsWithLag", "ensureEvenDistributionOfPartitions", "version",
        "partitionLimitation", "fullMetadata", "sasl", "tls",
    ];

    public static TheoryData<string> Overlays => OverlayTests.Overlays;

    [NeedsTheory<Rendering>, MemberData(nameof(Overlays))]
    public async Task Every_ScaledObject_targets_a_deployment_without_replicas_and_keeps_at_least_one_pod(string overlay)
    {
        var manifests = await Manifest.OverlayAsync(overlay);
        var scaled = manifests.Of("ScaledObject").ToArray();

        Assert.Equal(["management-api", "web-server"], scaled.Select(scaled => scaled.Name).Order());
        Assert.Empty(manifests.Of("HorizontalPodAutoscaler"));
        foreach (var scaledObject in scaled)
        {
            var deployment = manifests.One("Deployment", scaledObject.Text("spec/scaleTargetRef/name"));
            Assert.Null(deployment.At("spec/replicas"));
            // Both answer requests: KEDA must never leave none.
            Assert.InRange(scaledObject.Number("spec/minReplicaCount"), overlay == "minikube" ? 1 : 2, scaledObject.Number("spec/maxReplicaCount"));
            // KEDA warns at each apply: it is of no use but for scaling from and to none.
            Assert.Null(scaledObject.At("spec/pollingInterval"));
            Assert.Null(scaledObject.At("spec/cooldownPeriod"));
            // It never comes when no broker answers, and helps with nothing else. See components/keda/management-api.yaml.
            Assert.Null(scaledObject.At("spec/fallback"));
        }
    }

    [NeedsTheory<Rendering>, MemberData(nameof(Overlays))]
    public async Task KEDA_watches_the_topic_that_is_read_as_the_group_that_reads_it(string overlay)
    {
        var manifests = await Manifest.OverlayAsync(overlay);
        var trigger = manifests.KafkaTrigger();
        var watched = trigger.Map("metadata");

        foreach (var (key, variable) in new[]
        {
            ("bootstrapServers", "ConnectionStrings__kafka"), ("topic", "Shopping__Topic"), ("consumerGroup", "Shopping__ConsumerGroup"),
        })
        {
            Assert.Equal(variable, watched[$"{key}FromEnv"]);
            Assert.DoesNotContain(key, watched.Keys);
        }

        Assert.Equal(manifests.Environment("web-server", "ConnectionStrings__kafka"), manifests.Environment("management-api", "ConnectionStrings__kafka"));
        Assert.Equal(manifests.Environment("web-server", "Shopping__Topic"), manifests.Environment("management-api", "Shopping__Topic"));
        Assert.Equal(manifests.Environment("web-server", "Shopping__Partitions"), manifests.Environment("management-api", "Shopping__Partitions"));

        // Resolved from KEDA's namespace, not from the shop's: a bare service name would not do.
        Assert.All(
            manifests.Environment("management-api", "ConnectionStrings__kafka").Split(','),
            broker => Assert.Contains('.', broker.Split(':')[0]));
    }

    [NeedsTheory<Rendering>, MemberData(nameof(Overlays))]
    public async Task The_log_is_the_one_that_the_services_use_by_default(string overlay)
    {
        var manifests = await Manifest.OverlayAsync(overlay);
        var defaults = new KafkaOptions();
        foreach (var service in new[] { "web-server", "management-api" })
        {
            Assert.Equal(defaults.Topic, manifests.Environment(service, "Shopping__Topic"));
            Assert.Equal($"{defaults.Partitions}", manifests.Environment(service, "Shopping__Partitions"));
        }

        Assert.Equal(defaults.ConsumerGroup, manifests.Environment("management-api", "Shopping__ConsumerGroup"));
    }

    [NeedsTheory<Rendering>, MemberData(nameof(Overlays))]
    public async Task The_lag_is_read_as_the_consumer_reads_it(string overlay)
    {
        var manifests = await Manifest.OverlayAsync(overlay);
        var scaled = manifests.One("ScaledObject", "management-api");
        var watched = manifests.KafkaTrigger().Map("metadata");

        Assert.All(watched.Keys, key => Assert.Contains(key.Replace("FromEnv", ""), KafkaScalerKeys));
        Assert.Equal("earliest", watched["offsetResetPolicy"]);
        Assert.Equal("true", watched["limitToPartitionsWithLag"]);
        Assert.Equal("false", watched["allowIdleConsumers"]);
        Assert.InRange(long.Parse(watched["activationLagThreshold"]), 1, long.Parse(watched["lagThreshold"]) - 1);
        Assert.Equal(manifests.Environment("management-api", "Shopping__Partitions"), scaled.Text("spec/maxReplicaCount"));

        // Fast up, slowly down.
        var behavior = scaled.At("spec/advanced/horizontalPodAutoscalerConfig/behavior")!;
        Assert.True(behavior.Number("scaleUp/stabilizationWindowSeconds") < behavior.Number("scaleDown/stabilizationWindowSeconds"));
    }

    [NeedsTheory<Rendering>, MemberData(nameof(Overlays))]
    public async Task The_web_server_scales_on_CPU_that_it_requests(string overlay)
    {
        var manifests = await Manifest.OverlayAsync(overlay);
        var scaled = manifests.One("ScaledObject", "web-server");
        var trigger = Assert.Single(scaled.Each("spec/triggers"));

        Assert.Equal("cpu", trigger.Text("type"));
        Assert.Equal("Utilization", trigger.Text("metricType"));
        Assert.InRange(int.Parse(trigger.Text("metadata/value")), 1, 99);
        Assert.All(manifests.One("Deployment", "web-server").Containers(), container => Assert.NotNull(container.Maybe("resources/requests/cpu")));
    }

    [NeedsFact<Rendering>]
    public async Task Production_scales_as_scaling_env_says()
    {
        var manifests = await Manifest.OverlayAsync("production");
        var scaling = Settings("scaling.env");
        var web = manifests.One("ScaledObject", "web-server");
        var management = manifests.One("ScaledObject", "management-api");
        var used = new Dictionary<string, string>
        {
            ["webServerMinReplicas"] = web.Text("spec/minReplicaCount"),
            ["webServerMaxReplicas"] = web.Text("spec/maxReplicaCount"),
            ["webServerCpuUtilization"] = web.Text("spec/triggers/0/metadata/value"),
            ["managementApiMinReplicas"] = management.Text("spec/minReplicaCount"),
            ["managementApiMaxReplicas"] = management.Text("spec/maxReplicaCount"),
            ["lagThreshold"] = management.Text("spec/triggers/0/metadata/lagThreshold"),
            ["activationLagThreshold"] = management.Text("spec/triggers/0/metadata/activationLagThreshold"),
        };

        Assert.All(used, value => Assert.Equal(scaling[value.Key], value.Value));
        // The rest is the arithmetic behind it.
        Assert.Equal(["drainSeconds", "recordedPerSecond"], scaling.Keys.Except(used.Keys).Order());
        Assert.Equal(int.Parse(scaling["recordedPerSecond"]) * int.Parse(scaling["drainSeconds"]), int.Parse(scaling["lagThreshold"]));
        Assert.Equal(Settings("log.env")["partitions"], scaling["managementApiMaxReplicas"]);
        Assert.DoesNotContain(manifests.Of("ConfigMap"), map => map.Name.StartsWith("scaling", StringComparison.Ordinal));
    }

    [Fact]
    public void Both_ways_to_Kubernetes_use_the_same_settings()
    {
        var aspire = File.ReadAllText(Path.Combine(Tools.Deploy, "../ShoppingSystem.AppHost/Containers/Kubernetes.cs"));
        var kustomize = File.ReadAllText(Path.Combine(Tools.Deploy, "components/keda/kustomization.yaml"));

        foreach (var setting in Settings("scaling.env").Keys.Except(["drainSeconds", "recordedPerSecond"]))
        {
            Assert.Contains($"\"{setting}\"", aspire);
            Assert.Contains($"fieldPath: data.{setting}}}", kustomize);
        }

        Assert.All(Settings("log.env").Keys, setting => Assert.Contains($"\"{setting}\"", aspire));
        var version = Regex.Match(File.ReadAllText(Path.Combine(Tools.Deploy, "lib.sh")), "KEDA_VERSION:-([0-9.]+)").Groups[1].Value;
        Assert.Contains($"KedaVersion = \"{version}\"", aspire);
    }

    private static Dictionary<string, string> Settings(string file) => File
        .ReadLines(Path.Combine(Tools.Deploy, "components/keda", file))
        .Where(line => line.Length > 0 && !line.StartsWith('#'))
        .Select(line => line.Split('=', 2))
        .ToDictionary(parts => parts[0], parts => parts[1]);
}
