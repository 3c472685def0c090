using System.Text.RegularExpressions;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kubernetes;

/// <summary>What is applied to a cluster, rendered by a real kubectl: is it valid, does everything in it find what it names?</summary>
public sealed partial class OverlayTests
{
    private const string Namespace = "shopping-system";

    public static TheoryData<string> Overlays => [.. Directory.GetDirectories(Path.Combine(Tools.Deploy, "overlays")).Select(folder => Path.GetFileName(folder)).Order()];

    [NeedsTheory<Rendering>, MemberData(nameof(Overlays))]
    public async Task Every_overlay_passes_the_schemas_of_Kubernetes_KEDA_and_the_operators(string overlay)
    {
        var (text, _) = await Manifest.RenderAsync(Path.Combine(Tools.Deploy, "overlays", overlay));

        Assert.Empty(await MistakesAsync(text));
    }

    [NeedsFact<Rendering>]
    public async Task The_schemas_find_mistakes()
    {
        var (text, _) = await Manifest.RenderAsync(Path.Combine(Tools.Deploy, "overlays/production"));

        var mistakes = await MistakesAsync(
            text.Replace("maxReplicaCount", "maximumReplicaCount"), text.Replace("minReplicaCount: 2", "minReplicaCount: two"),
            text.Replace("readinessProbe", "readinesProbe"), text.Replace("kind: Ingress\n", "kind: Ingres\n"));

        Assert.Matches(@"0\.yaml: ScaledObject/management-api: .*maximumReplicaCount", mistakes);
        Assert.Matches(@"1\.yaml: ScaledObject/web-server: .*minReplicaCount", mistakes);
        Assert.Matches(@"2\.yaml: Deployment/web-server: .*readinesProbe", mistakes);
        Assert.Matches(@"3\.yaml: Ingres/web-server: no such kind", mistakes);

        (text, _) = await Manifest.RenderAsync(Path.Combine(Tools.Deploy, "overlays/highly-available"));

        mistakes = await MistakesAsync(
            text.Replace("replicas: 3", "replicas: three"), text.Replace("operations:", "operation:"), text.Replace("type: ReplicaSet", "type: Replicas"));

        Assert.Matches(@"0\.yaml: KafkaNodePool/broker: /spec/replicas must be integer", mistakes);
        Assert.Matches(@"1\.yaml: KafkaUser/shop-services: .*must have required property 'operations'", mistakes);
        Assert.Matches(@"2\.yaml: MongoDBCommunity/mongodb: /spec/type", mistakes);
    }

    [NeedsTheory<Rendering>, MemberData(nameof(Overlays))]
    public async Task Everything_is_in_the_shops_namespace(string overlay)
    {
        var manifests = await Manifest.OverlayAsync(overlay);

        manifests.One("Namespace", Namespace);
        Assert.All(manifests.Where(manifest => manifest.Kind != "Namespace"), manifest => Assert.Equal(Namespace, manifest.Text("metadata/namespace")));
    }

    [NeedsTheory<Rendering>, MemberData(nameof(Overlays))]
    public async Task No_overlay_contains_a_secret(string overlay)
    {
        var manifests = await Manifest.OverlayAsync(overlay);

        Assert.Empty(manifests.Of("Secret"));
        foreach (var variable in manifests.Workloads().SelectMany(Manifests.Containers).SelectMany(container => container.Each("env")))
        {
            var value = variable.Maybe("value") ?? "";
            Assert.DoesNotMatch(@"://[^:/@]+:(?!\$\([A-Z_]+\)@)[^/@]+@", value);
            if (SecretName().IsMatch(variable.Text("name")))
            {
                Assert.Matches(@"^(\$\([A-Z_]+\))?$", value);
            }
        }

        Assert.All(
            manifests.Of("ConfigMap").SelectMany(map => map.Map("data")),
            entry => Assert.False(SecretName().IsMatch(entry.Key), $"{entry.Key} is in a ConfigMap."));
    }

    [NeedsTheory<Rendering>, MemberData(nameof(Overlays))]
    public async Task Both_services_have_the_API_key_which_is_a_secret(string overlay)
    {
        var manifests = await Manifest.OverlayAsync(overlay);

        foreach (var service in new[] { "web-server", "management-api" })
        {
            Assert.Equal("$(MANAGEMENT_API_KEY)", manifests.Environment(service, "Management__ApiKey"));
            // Without "optional", a pod whose secret has no key does not start.
            var source = Assert.Single(
                manifests.One("Deployment", service).Containers().First().Each("env"), variable => variable.Text("name") == "MANAGEMENT_API_KEY");
            Assert.Equal("management-api-key", source.Text("valueFrom/secretKeyRef/key"));
            Assert.Null(source.Maybe("valueFrom/secretKeyRef/optional"));
        }
    }

    [NeedsTheory<Rendering>, MemberData(nameof(Overlays))]
    public async Task Every_image_has_a_tag_that_says_what_it_is(string overlay)
    {
        foreach (var container in (await Manifest.OverlayAsync(overlay)).Workloads().SelectMany(Manifests.Containers))
        {
            Assert.Matches(@"^[a-z0-9./-]+(:[0-9]+/[a-z0-9./-]+)?:[A-Za-z0-9._-]+$", container.Text("image"));
            Assert.DoesNotContain(":latest", container.Text("image"));
            Assert.Equal("IfNotPresent", container.Text("imagePullPolicy"));
        }
    }

    [NeedsTheory<Rendering>, MemberData(nameof(Overlays))]
    public async Task Every_variable_is_set_once_and_from_something_that_exists(string overlay)
    {
        var manifests = await Manifest.OverlayAsync(overlay);
        foreach (var workload in manifests.Workloads())
        {
            foreach (var container in workload.Containers())
            {
                var known = new HashSet<string>();
                foreach (var variable in container.Each("env"))
                {
                    var name = variable.Text("name");
                    Assert.True((variable.At("value") is null) != (variable.At("valueFrom") is null), $"{workload.Name}: {name} has both a value and a source, or neither.");
                    // Kubernetes fills in only what it has read before.
                    Assert.All(Reference().Matches(variable.Maybe("value") ?? ""), reference => Assert.Contains(reference.Groups[1].Value, known));
                    Assert.True(known.Add(name), $"{workload.Name}: {name} is set twice.");

                    if (variable.At("valueFrom/configMapKeyRef") is { } config)
                    {
                        Assert.Contains(config.Text("key"), manifests.One("ConfigMap", config.Text("name")).Map("data").Keys);
                    }

                    if (variable.At("valueFrom/secretKeyRef") is { } secret)
                    {
                        Assert.Contains((secret.Text("name"), secret.Text("key")), SecretsThatSetupMakes().Union(HighlyAvailableTests.SecretsOf(manifests)));
                    }
                }
            }
        }
    }

    [NeedsTheory<Rendering>, MemberData(nameof(Overlays))]
    public async Task Every_service_reaches_a_port_that_is_open(string overlay)
    {
        var manifests = await Manifest.OverlayAsync(overlay);
        foreach (var service in manifests.Of("Service"))
        {
            var workload = Assert.Single(manifests.Workloads(), workload => workload.IsSelectedBy(service.Map("spec/selector")));
            var open = workload.Containers().SelectMany(container => container.Each("ports")).ToDictionary(port => port.Text("name"), port => port.Number("containerPort"));
            foreach (var port in service.Each("spec/ports"))
            {
                Assert.Equal(port.Number("port"), open[port.Text("targetPort")]);
                Assert.DoesNotContain(port.Number("port"), new long[] { 0, 443, 8443 });
            }
        }

        Assert.Equal("8081", manifests.Environment("web-server", "HTTP_PORTS"));
        Assert.Equal("8080", manifests.Environment("management-api", "HTTP_PORTS"));
        foreach (var (name, number) in new[] { ("web-server", 8081), ("management-api", 8080) })
        {
            Assert.Equal(number, Assert.Single(manifests.One("Service", name).Each("spec/ports")).Number("port"));
        }

        Assert.Equal("http://management-api:8080", manifests.Environment("web-server", "services__management-api__http__0"));
    }

    [NeedsTheory<Rendering>, MemberData(nameof(Overlays))]
    public async Task The_ingress_leads_to_the_shop(string overlay)
    {
        var manifests = await Manifest.OverlayAsync(overlay);
        var ingress = Assert.Single(manifests.Of("Ingress"));
        var rule = Assert.Single(ingress.Each("spec/rules"));
        var backend = Assert.Single(rule.Each("http/paths")).At("backend/service")!;

        Assert.Equal("purchase.local", rule.Text("host"));
        Assert.Contains(manifests.One("Service", backend.Text("name")).Each("spec/ports"), port => port.Text("name") == backend.Text("port/name"));
        Assert.Equal("web-server", backend.Text("name"));
        Assert.All(ingress.Each("spec/tls"), tls => Assert.Equal(rule.Text("host"), tls.Text("hosts/0")));
        Assert.Equal(overlay != "minikube", ingress.Each("spec/tls").Any());
    }

    [NeedsTheory<Rendering>, MemberData(nameof(Overlays))]
    public async Task Services_are_probed_limited_and_ended_in_order(string overlay)
    {
        var manifests = await Manifest.OverlayAsync(overlay);
        foreach (var deployment in manifests.Of("Deployment"))
        {
            var pod = deployment.At("spec/template/spec")!;
            var container = Assert.Single(deployment.Containers());

            Assert.Equal("/-/healthy", container.Text("startupProbe/httpGet/path"));
            Assert.Equal("/-/healthy", container.Text("livenessProbe/httpGet/path"));
            // Not by what all pods share, which would take all of them out of service at once.
            Assert.Equal("/-/serving", container.Text("readinessProbe/httpGet/path"));
            foreach (var probe in new[] { "startupProbe", "livenessProbe", "readinessProbe" })
            {
                Assert.Contains(container.Each("ports"), port => port.Text("name") == container.Text($"{probe}/httpGet/port"));
            }

            Assert.Equal("RollingUpdate", deployment.Text("spec/strategy/type"));
            Assert.Equal(0, deployment.Number("spec/strategy/rollingUpdate/maxUnavailable"));
            // The services themselves go on serving until requests stop coming; then, within 25 s of SIGTERM, they have ended.
            Assert.Null(container.At("lifecycle"));
            Assert.True(pod.Number("terminationGracePeriodSeconds") >= 25 + 5);
            Assert.NotEmpty(pod.Each("topologySpreadConstraints"));
            Assert.All(pod.Each("topologySpreadConstraints"), spread => Assert.True(deployment.IsSelectedBy(spread.Map("labelSelector/matchLabels"))));
            Assert.Equal("true", container.Text("securityContext/readOnlyRootFilesystem"));
            Assert.Single(manifests.Of("PodDisruptionBudget"), budget => deployment.IsSelectedBy(budget.Map("spec/selector/matchLabels")));
        }

        foreach (var workload in manifests.Workloads())
        {
            var pod = workload.At("spec/template/spec")!;
            Assert.Equal("false", pod.Text("enableServiceLinks"));
            Assert.Equal("false", pod.Text("automountServiceAccountToken"));
            Assert.Equal("true", pod.Text("securityContext/runAsNonRoot"));
            Assert.NotEqual("0", pod.Text("securityContext/runAsUser"));
            Assert.Equal("RuntimeDefault", pod.Text("securityContext/seccompProfile/type"));
            foreach (var container in workload.Containers())
            {
                Assert.Equal("false", container.Text("securityContext/allowPrivilegeEscalation"));
                Assert.Equal("ALL", container.Text("securityContext/capabilities/drop/0"));
                foreach (var resource in new[] { "requests/cpu", "requests/memory", "limits/cpu", "limits/memory" })
                {
                    Assert.NotNull(container.Maybe($"resources/{resource}"));
                }
            }
        }
    }

    [NeedsTheory<Rendering>, MemberData(nameof(Overlays))]
    public async Task Only_the_web_server_reaches_the_management_API_and_only_services_reach_the_data(string overlay)
    {
        var manifests = await Manifest.OverlayAsync(overlay);
        var policies = manifests.Of("NetworkPolicy").ToArray();

        // Whoever is in no policy is open to all: so one is for everybody, and allows nothing.
        var everybody = Assert.Single(policies, policy => policy.Map("spec/podSelector").Count == 0);
        Assert.Empty(everybody.Each("spec/ingress"));

        foreach (var (workload, callers) in new Dictionary<string, string[]>
        {
            ["management-api"] = ["web-server"],
            ["kafka"] = ["keda-operator", "management-api", "web-server"],
            ["mongodb"] = ["management-api"],
        })
        {
            if (manifests.Workloads().SingleOrDefault(manifest => manifest.Name == workload) is not { } target)
            {
                Assert.DoesNotContain(policies, policy => policy.Name == workload);
                continue;
            }

            var policy = Assert.Single(policies, policy => policy.Map("spec/podSelector/matchLabels") is { Count: > 0 } labels && target.IsSelectedBy(labels));
            var rule = Assert.Single(policy.Each("spec/ingress"));
            Assert.Equal(callers, rule.Each("from").Select(from => from.Map("podSelector/matchLabels")["app"]).Order());
            Assert.All(rule.Each("from"), from => Assert.Equal(
                from.Map("podSelector/matchLabels")["app"] == "keda-operator" ? "keda" : null,
                from.Map("namespaceSelector/matchLabels").GetValueOrDefault("kubernetes.io/metadata.name")));
            Assert.All(rule.Each("ports"), port => Assert.Contains(
                target.Containers().SelectMany(container => container.Each("ports")), open => open.Text("name") == port.Text("port")));
        }
    }

    [NeedsFact<Rendering>]
    public async Task Kafka_advertises_names_that_resolve_from_everywhere_and_ports_that_are_open()
    {
        var manifests = await Manifest.OverlayAsync("minikube");
        var listeners = manifests.Environment("kafka", "KAFKA_LISTENERS").Split(',').Select(listener => listener.Split("://")).ToDictionary(parts => parts[0], parts => parts[1]);
        var advertised = manifests.Environment("kafka", "KAFKA_ADVERTISED_LISTENERS").Split(',').Select(listener => listener.Split("://")).ToDictionary(parts => parts[0], parts => parts[1]);

        foreach (var (name, address) in advertised)
        {
            var (host, port) = (address.Split(':')[0], address.Split(':')[1]);
            Assert.Equal(listeners[name].Split(':')[1], port);
            if (listeners[name].StartsWith("localhost:", StringComparison.Ordinal))
            {
                Assert.Equal("localhost", host);
            }
            else
            {
                Assert.Equal($"kafka.{Namespace}.svc", host);
                Assert.Contains(manifests.One("Service", "kafka").Each("spec/ports"), open => open.Text("port") == port);
            }
        }

        Assert.Contains(manifests.Environment("web-server", "ConnectionStrings__kafka"), advertised.Values);
        Assert.Contains(manifests.Environment("management-api", "ConnectionStrings__kafka"), advertised.Values);
    }

    [NeedsFact<Rendering>]
    public async Task A_laptop_may_send_its_shop_the_load_that_the_documents_and_the_script_send()
    {
        var manifests = await Manifest.OverlayAsync("minikube");
        var texts = await Task.WhenAll(new[] { "../README.md", "../docs/kubernetes.md", "README.md", "load.sh" }.Select(file => File.ReadAllTextAsync(Path.Combine(Tools.Deploy, file))));

        var rates = texts.SelectMany(text => Rate().Matches(text)).Select(rate => int.Parse(rate.Groups[1].Value)).ToList();
        Assert.NotEmpty(rates);
        Assert.InRange(rates.Max(), 1, int.Parse(manifests.Environment("web-server", "Admission__RequestsPerSecond")));
    }

    [NeedsFact<Rendering>]
    public async Task Production_brings_its_own_Kafka_and_MongoDB()
    {
        var manifests = await Manifest.OverlayAsync("production");

        Assert.Empty(manifests.Of("StatefulSet"));
        Assert.Equal(["management-api", "web-server"], manifests.Of("Service").Select(service => service.Name).Order());
        Assert.DoesNotContain(manifests.Workloads().SelectMany(Manifests.Containers).SelectMany(container => container.Each("env")), variable => variable.Text("name") == "MONGODB_PASSWORD");
    }

    [NeedsFact<Rendering>]
    public async Task Components_can_be_chosen_one_by_one()
    {
        string[][] choices =
        [
            ["hardening"], ["keda"], ["ingress"], ["ingress", "ingress-tls"], ["external-kafka"], ["external-mongodb"], ["keda", "external-kafka", "kafka-sasl"],
            ["keda", "external-kafka", "kafka-sasl", "kafka-ca"],
            ["hardening", "monitoring"], ["hardening", "keda", "external-mongodb", "ingress"], ["hardening", "keda", "external-kafka", "ingress"],
        ];
        var rendered = new List<string>();
        foreach (var choice in choices)
        {
            using var overlay = new TemporaryFolder();
            await File.WriteAllTextAsync(Path.Combine(overlay.Path, "kustomization.yaml"), $"""
                apiVersion: kustomize.config.k8s.io/v1beta1
                kind: Kustomization
                namespace: {Namespace}
                resources: [{Relative("base")}]
                components: [{string.Join(", ", choice.Select(component => Relative($"components/{component}")))}]
                configMapGenerator:
                  - name: kafka-connection
                    literals: ["bootstrap.servers=broker.example.com:9092", "security.protocol=SASL_SSL", "sasl.mechanism=PLAIN"]
                """);
            rendered.Add((await Manifest.RenderAsync(overlay.Path)).Text);

            string Relative(string folder) => Path.GetRelativePath(overlay.Path, Path.Combine(Tools.Deploy, folder));
        }

        Assert.Empty(await MistakesAsync([.. rendered]));
    }

    [Fact]
    public void Every_component_is_in_an_overlay()
    {
        var overlays = string.Concat(Directory.GetFiles(Path.Combine(Tools.Deploy, "overlays"), "kustomization.yaml", SearchOption.AllDirectories).Select(File.ReadAllText));

        Assert.All(Directory.GetDirectories(Path.Combine(Tools.Deploy, "components")), component => Assert.Contains($"components/{Path.GetFileName(component)}\n", overlays));
    }

    [Fact]
    public void The_guide_names_every_component_overlay_and_script()
    {
        var guide = File.ReadAllText(Path.Combine(Tools.Deploy, "README.md"));

        Assert.All(
            Directory.GetDirectories(Path.Combine(Tools.Deploy, "components")).Concat(Directory.GetDirectories(Path.Combine(Tools.Deploy, "overlays"))),
            folder => Assert.Contains($"{Path.GetFileName(folder)}/", guide, StringComparison.Ordinal));
        Assert.All(Directory.GetFiles(Tools.Deploy, "*.sh"), script => Assert.Contains(Path.GetFileName(script), guide, StringComparison.Ordinal));
    }

    internal static async Task<string> MistakesAsync(params string[] manifests)
    {
        using var folder = new TemporaryFolder();
        var files = manifests.Select((_, i) => Path.Combine(folder.Path, $"{i}.yaml")).ToArray();
        foreach (var (file, text) in files.Zip(manifests))
        {
            await File.WriteAllTextAsync(file, text);
        }

        var result = await Tools.RunAsync("node", [Path.Combine(Tools.Deploy, "tools/validate.mjs"), .. files]);

        Assert.True(result.Errors.Length == 0 && result.ExitCode == (result.Output.Length > 0 ? 1 : 0), result.ToString());
        return result.Output;
    }

    private static HashSet<(string Secret, string Key)> SecretsThatSetupMakes() => [.. KeptSecret()
        .Matches(File.ReadAllText(Path.Combine(Tools.Deploy, "setup.sh")))
        .Select(kept => (kept.Groups[1].Value.Replace("\"$SECRET\"", "shopping-secrets"), kept.Groups[2].Value))];

    [GeneratedRegex(@"(?:load\.sh --rate |rate:-)(\d+)")]
    private static partial Regex Rate();

    [GeneratedRegex("(password|secret|api_?key)$", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();

    [GeneratedRegex(@"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")]
    private static partial Regex Reference();

    [GeneratedRegex(@"^ *keep (\S+) ([a-z-]+) ", RegexOptions.Multiline)]
    private static partial Regex KeptSecret();
}
