using Aspire.Hosting.Kubernetes;
using Aspire.Hosting.Kubernetes.Resources;
using Aspire.Hosting.Pipelines;

namespace ShoppingSystem.AppHost;

/// <summary>
/// The shop as a Helm chart of Aspire's own making: <c>aspire publish</c> writes it, <c>aspire deploy</c> installs KEDA and it.
/// The other way, with overlays to choose from, is in <c>deploy</c>; both read the same scaling settings.
/// </summary>
/// <param name="Scaling">How the shop scales.</param>
/// <param name="Hardening">Who may call whom, and how many pods may be missing.</param>
internal sealed record Kubernetes(Scaling Scaling, IReadOnlyList<Manifest> Hardening);

/// <summary>Puts the model's resources on Kubernetes. Where there is none to be put on, every method leaves them as they are.</summary>
internal static class KubernetesExtensions
{
    private const string Namespace = "shopping-system";
    private const string KedaVersion = "2.20.2";

    /// <summary>
    /// Publishes the whole model to Kubernetes, and KEDA before it. Null where no chart is to be written: when the shop runs
    /// here, and for the manifest, which Aspirate reads and which has no use for any of this.
    /// </summary>
    public static Kubernetes? AddKubernetes(this IDistributedApplicationBuilder builder)
    {
        if (!builder.ExecutionContext.IsPublishMode || builder.Configuration["Publishing:Publisher"] is not (null or "" or "default"))
        {
            return null;
        }

        var environment = builder.AddKubernetesEnvironment("kubernetes")
            .WithHelm(helm => helm.WithNamespace(Namespace).WithReleaseName(Namespace).WithChartName(Namespace))
            .WithProperties(environment =>
            {
                environment.DefaultStorageType = "pvc";
                environment.DefaultStorageSize = "8Gi";
            })
            .WithDashboard(enabled: false);

        environment.AddHelmChart("keda", $"https://kedacore.github.io/charts/keda-{KedaVersion}.tgz", KedaVersion);

        // Charts are installed after the shop; this one brings the kind of resource that the shop's own chart contains.
#pragma warning disable ASPIREPIPELINES001
        environment.WithPipelineConfiguration(pipeline =>
        {
            const string Keda = "helm-install-keda", Shop = "helm-deploy-kubernetes";
            if (pipeline.Steps.SingleOrDefault(step => step.Name == Keda) is { } keda
                && pipeline.Steps.SingleOrDefault(step => step.Name == Shop) is { } shop)
            {
                keda.DependsOnSteps.Remove(Shop);
                keda.DependsOn("check-helm-prereqs-kubernetes");
                shop.DependsOn(keda);
            }
        });
#pragma warning restore ASPIREPIPELINES001

        return new Kubernetes(Scaling.Read(builder.AppHostDirectory), Manifest.ReadHardening(builder.AppHostDirectory));
    }

    /// <summary>A broker that advertises what can be reached: by itself on localhost, by everybody else by a name that KEDA knows too.</summary>
    public static IResourceBuilder<KafkaServerResource> OnKubernetes(this IResourceBuilder<KafkaServerResource> kafka, Kubernetes? kubernetes) =>
        kafka.On(kubernetes, (_, published) =>
        {
            var pod = ((StatefulSet)published.Workload!).Spec.Template.Spec;
            // Variables that Kubernetes makes of service names would be taken for settings of the broker.
            pod.EnableServiceLinks = false;
            // The broker doesn't run as root, and has to write to its volume.
            pod.SecurityContext = new() { FsGroup = 1000, FsGroupChangePolicy = "OnRootMismatch" };
        });

    /// <summary>A database that only the recorder may call.</summary>
    public static IResourceBuilder<MongoDBServerResource> OnKubernetes(this IResourceBuilder<MongoDBServerResource> mongo, Kubernetes? kubernetes) =>
        mongo.On(kubernetes, (_, _) => { });

    /// <summary>A service that scales on CPU.</summary>
    public static IResourceBuilder<ProjectResource> OnKubernetesByCpu(this IResourceBuilder<ProjectResource> service, Kubernetes? kubernetes) =>
        service.On(kubernetes, (settings, published) =>
        {
            Harden(published);
            published.Service!.Spec.Ports.Single().Port = service.GetEndpoint("http").EndpointAnnotation.Port!.Value;
            published.AdditionalResources.Add(new ScaledObject
            {
                Metadata = { Name = service.Resource.Name },
                Spec = new()
                {
                    ScaleTargetRef = new(published.Workload!.Metadata.Name),
                    MinReplicaCount = settings.Number("webServerMinReplicas"),
                    MaxReplicaCount = settings.Number("webServerMaxReplicas"),
                    Advanced = Behavior(new("Percent", 50, 60)),
                    Triggers = [new("cpu", new() { ["value"] = settings["webServerCpuUtilization"] }) { MetricType = "Utilization" }],
                },
            });
        });

    /// <summary>A service that scales on the lag of the consumer group that it reads with.</summary>
    public static IResourceBuilder<ProjectResource> OnKubernetesByLag(this IResourceBuilder<ProjectResource> service, Kubernetes? kubernetes) =>
        service.On(kubernetes, (settings, published) =>
        {
            Harden(published);
            published.AdditionalResources.Add(new ScaledObject
            {
                Metadata = { Name = service.Resource.Name },
                Spec = new()
                {
                    ScaleTargetRef = new(published.Workload!.Metadata.Name),
                    MinReplicaCount = settings.Number("managementApiMinReplicas"),
                    MaxReplicaCount = settings.Number("managementApiMaxReplicas"),
                    // One at a time: each pod that leaves is a rebalance.
                    Advanced = Behavior(new("Pods", 1, 60)),
                    Triggers =
                    [
                        new("kafka", new()
                        {
                            // Read from the environment of the container that is scaled: it can't differ from what runs.
                            ["bootstrapServersFromEnv"] = "ConnectionStrings__kafka",
                            ["topicFromEnv"] = "Shopping__Topic",
                            ["consumerGroupFromEnv"] = "Shopping__ConsumerGroup",
                            ["lagThreshold"] = settings["lagThreshold"],
                            ["activationLagThreshold"] = settings["activationLagThreshold"],
                            ["offsetResetPolicy"] = "earliest",
                            ["limitToPartitionsWithLag"] = "true",
                            ["allowIdleConsumers"] = "false",
                            ["excludePersistentLag"] = "false",
                        }),
                    ],
                },
            });
        });

    // Both services: the log that they share, probes, resources, an orderly end, and no more rights than they need.
    private static void Harden(KubernetesResource published)
    {
        // KEDA says how many.
        var deployment = (Deployment)published.Workload!;
        deployment.Spec.Replicas = null;
        deployment.Spec.Strategy.RollingUpdate = new() { MaxUnavailable = 0, MaxSurge = 1 };

        var pod = deployment.Spec.Template.Spec;
        pod.EnableServiceLinks = false;
        pod.AutomountServiceAccountToken = false;
        // On SIGTERM a service goes on serving until its clients are elsewhere (Shutdown:DrainTime, 5 s), and then finishes what is
        // under way: 25 s at most in all, 5 s to spare.
        pod.TerminationGracePeriodSeconds = 30;
        pod.SecurityContext = new() { RunAsNonRoot = true, RunAsUser = 1654, RunAsGroup = 1654, SeccompProfile = new() { Type = "RuntimeDefault" } };
        foreach (var topology in new[] { "kubernetes.io/hostname", "topology.kubernetes.io/zone" })
        {
            var spread = new TopologySpreadConstraintV1 { MaxSkew = 1, TopologyKey = topology, WhenUnsatisfiable = "ScheduleAnyway", LabelSelector = new() };
            spread.LabelSelector.MatchLabels["app"] = deployment.Spec.Template.Metadata.Labels["app"];
            pod.TopologySpreadConstraints.Add(spread);
        }

        pod.Volumes.Add(new() { Name = "tmp", EmptyDir = new() { SizeLimit = "64Mi" } });

        var container = pod.Containers.Single();
        container.StartupProbe = Probe("/-/healthy", period: 2, timeout: 2, failures: 60);
        container.LivenessProbe = Probe("/-/healthy", period: 10, timeout: 5, failures: 3);
        // Not /-/ready: what all pods share must not take all of them out of service at once.
        container.ReadinessProbe = Probe("/-/serving", period: 5, timeout: 5, failures: 2);
        container.SecurityContext = new() { AllowPrivilegeEscalation = false, ReadOnlyRootFilesystem = true, Capabilities = new() { Drop = { "ALL" } } };
        container.VolumeMounts.Add(new() { Name = "tmp", MountPath = "/tmp" });
        container.Resources = new()
        {
            Requests = { ["cpu"] = "500m", ["memory"] = "256Mi" },
            Limits = { ["cpu"] = "1", ["memory"] = "512Mi" },
        };
    }

    // Aspire refuses wishes for Kubernetes where there is no Kubernetes environment.
    private static IResourceBuilder<T> On<T>(this IResourceBuilder<T> resource, Kubernetes? kubernetes, Action<Scaling, KubernetesResource> configure)
        where T : IComputeResource =>
        kubernetes is null ? resource : resource.PublishAsKubernetesService(published =>
        {
            ReachKafkaFromEverywhere(published, kubernetes.Scaling);
            AddHardening(resource.Resource.Name, published, kubernetes.Hardening);
            configure(kubernetes.Scaling, published);
        });

    // Who may call it, and how many of its pods a drain may take at a time: as deploy/components/hardening says it.
    private static void AddHardening(string name, KubernetesResource published, IReadOnlyList<Manifest> hardening)
    {
        var template = published.Workload switch
        {
            Deployment deployment => deployment.Spec.Template,
            StatefulSet set => set.Spec.Template,
            var other => throw new NotSupportedException($"{name} is a {other?.Kind}."),
        };
        // What the policies and budgets there choose pods by.
        template.Metadata.Labels["app"] = name;
        published.AdditionalResources.AddRange(hardening.Where(manifest => manifest.About == name));
        if (name == "web-server")
        {
            // Is of no resource: it comes with the one that is always there.
            published.AdditionalResources.AddRange(hardening.Where(manifest => manifest.About == "default-deny"));
        }
    }

    // Up at once and by as much again, down by what the last five minutes needed at most.
    private static AdvancedScaling Behavior(AutoscalerPolicy down) => new(new(new(
        ScaleUp: new(0, [new("Percent", 100, 15), new("Pods", 4, 15)]) { SelectPolicy = "Max" },
        ScaleDown: new(300, [down]))));

    // KEDA asks the broker from its own namespace: what the broker is called, and calls itself, must resolve there too.
    private static void ReachKafkaFromEverywhere(KubernetesResource published, Scaling settings)
    {
        const string Broker = "kafka-service.{{ .Release.Namespace }}.svc";
        var variables = published.ConfigMap!.Data;
        if (variables.ContainsKey("KAFKA_ADVERTISED_LISTENERS"))
        {
            variables["KAFKA_ADVERTISED_LISTENERS"] = $"PLAINTEXT://localhost:29092,PLAINTEXT_HOST://{Broker}:9092,PLAINTEXT_INTERNAL://{Broker}:9093";
            // The root of a volume holds lost+found, which Kafka takes for a broken partition.
            variables["KAFKA_LOG_DIRS"] = "/var/lib/kafka/data/logs";
        }
        else if (variables.ContainsKey("ConnectionStrings__kafka"))
        {
            variables["ConnectionStrings__kafka"] = $"{Broker}:9092";
            variables["Shopping__Topic"] = settings["topic"];
            variables["Shopping__Partitions"] = settings["partitions"];
            variables["Shopping__ConsumerGroup"] = settings["consumerGroup"];
        }
    }

    private static ProbeV1 Probe(string path, int period, int timeout, int failures) => new()
    {
        HttpGet = new() { Path = path, Port = "http", Scheme = "HTTP" },
        PeriodSeconds = period,
        TimeoutSeconds = timeout,
        FailureThreshold = failures,
    };
}
