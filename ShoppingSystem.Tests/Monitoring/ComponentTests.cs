using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ShoppingSystem.Tests.Kubernetes;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Monitoring;

/// <summary>The component in the overlays that it is for: is it valid, and does all of it find what it names?</summary>
public sealed partial class ComponentTests
{
    private const string Line = "# - ../../components/monitoring";

    private static readonly string Document = File.ReadAllText(Path.Combine(Tools.Deploy, "../docs/monitoring.md"));

    public static TheoryData<string> Overlays => ["minikube", "production", "highly-available"];

    [NeedsTheory<Rendering>, MemberData(nameof(Overlays))]
    public async Task One_line_adds_the_component_to_an_overlay_and_the_result_passes_the_schemas(string overlay)
    {
        var (text, _) = await RenderAsync(overlay);

        Assert.Empty(await OverlayTests.MistakesAsync(text));
        Assert.DoesNotContain("monitoring.coreos.com", (await Manifest.RenderAsync(Path.Combine(Tools.Deploy, "overlays", overlay))).Text, StringComparison.Ordinal);
    }

    [NeedsFact<Rendering>]
    public async Task The_schemas_find_mistakes()
    {
        var (text, _) = await RenderAsync("production");

        var mistakes = await OverlayTests.MistakesAsync(
            text.Replace("podMetricsEndpoints", "podMetricEndpoints"), text.Replace("alert: ShopNotReady", "alrt: ShopNotReady"));

        Assert.Matches(@"0\.yaml: PodMonitor/web-server: .*podMetricEndpoints", mistakes);
        Assert.Matches(@"1\.yaml: PrometheusRule/shopping-system: .*alrt", mistakes);
    }

    [NeedsTheory<Rendering>, MemberData(nameof(Overlays))]
    public async Task Both_services_serve_metrics_on_a_port_that_Prometheus_alone_reaches(string overlay)
    {
        var (_, manifests) = await RenderAsync(overlay);
        var prometheus = Assert.Single(manifests.One("NetworkPolicy", "metrics").Each("spec/ingress"));
        Assert.Equal("metrics", Assert.Single(prometheus.Each("ports")).Text("port"));
        var from = Assert.Single(prometheus.Each("from"));
        Assert.Equal("monitoring", from.Map("namespaceSelector/matchLabels")["kubernetes.io/metadata.name"]);
        Assert.Equal("prometheus", from.Map("podSelector/matchLabels")["app.kubernetes.io/name"]);
        var selected = Assert.Single(manifests.One("NetworkPolicy", "metrics").Each("spec/podSelector/matchExpressions"));
        Assert.Equal(("app", "In"), (selected.Text("key"), selected.Text("operator")));

        foreach (var service in new[] { "web-server", "management-api" })
        {
            var deployment = manifests.One("Deployment", service);
            var port = Assert.Single(deployment.Containers().Single().Each("ports"), port => port.Text("name") == "metrics").Text("containerPort");
            Assert.Equal("otlp,prometheus", manifests.Environment(service, "OTEL_METRICS_EXPORTER"));
            Assert.Equal("*", manifests.Environment(service, "OTEL_EXPORTER_PROMETHEUS_HOST"));
            Assert.Equal(port, manifests.Environment(service, "OTEL_EXPORTER_PROMETHEUS_PORT"));
            Assert.DoesNotContain(manifests.One("Service", service).Each("spec/ports"), open => open.Text("targetPort") is "metrics" || open.Text("port") == port);
            Assert.Contains(service, selected.Each("values").Select(value => value.Node.ToString()));

            var monitor = manifests.One("PodMonitor", service);
            Assert.True(deployment.IsSelectedBy(monitor.Map("spec/selector/matchLabels")));
            Assert.Equal("metrics", Assert.Single(monitor.Each("spec/podMetricsEndpoints")).Text("port"));
            Assert.Equal("kube-prometheus-stack", monitor.Map("metadata/labels")["release"]);
        }
    }

    [NeedsFact<Rendering>]
    public async Task Grafana_and_Prometheus_find_the_dashboard_and_the_rules_and_alerts_link_to_their_document()
    {
        var (_, manifests) = await RenderAsync("production");

        var dashboard = manifests.One("ConfigMap", "shopping-system-dashboard");
        Assert.Equal("1", dashboard.Map("metadata/labels")["grafana_dashboard"]);
        Assert.Equal("ShoppingSystem", (string?)JsonNode.Parse(dashboard.Map("data")["shopping-system.json"])!["title"]);
        Assert.DoesNotContain(manifests.Of("ConfigMap"), map => map.Name.StartsWith("monitoring", StringComparison.Ordinal));

        var rules = manifests.One("PrometheusRule", "shopping-system");
        Assert.Equal("kube-prometheus-stack", rules.Map("metadata/labels")["release"]);
        Assert.All(rules.Each("spec/groups").SelectMany(group => group.Each("rules")), alert => Assert.Matches(
            $"^https://.+/docs/monitoring\\.md#{alert.Text("alert").ToLowerInvariant()}$", alert.Text("annotations/runbook_url")));
    }

    [Fact]
    public void The_document_explains_each_alert_and_what_to_do()
    {
        foreach (var name in Component.Alerts.Select(alert => alert.Text("alert")))
        {
            var section = Regex.Match(Document, $@"^### {name}\n(?<text>.*?)(?=^#|\z)", RegexOptions.Multiline | RegexOptions.Singleline);
            Assert.True(section.Success, $"{name} has no heading in docs/monitoring.md");
            Assert.Contains("**To do.**", section.Groups["text"].Value, StringComparison.Ordinal);
        }

        Assert.Equal(Component.Alerts.Select(alert => alert.Text("alert")), Heading().Matches(Document).Select(heading => heading.Groups[1].Value));
    }

    [Fact]
    public void The_document_describes_each_panel_and_each_metric()
    {
        Assert.All(Component.Panels, panel => Assert.Contains($"| {panel.Title} |", Document, StringComparison.Ordinal));
        var metrics = Component.Panels.SelectMany(panel => panel.Queries).Concat(Component.Alerts.Select(alert => alert.Text("expr")))
            .SelectMany(query => Component.SelectorsOf(query)).Select(selector => Suffix().Replace(selector.Split('{')[0], "")).Distinct();
        Assert.All(metrics.Where(metric => metric != "up"), metric => Assert.Contains($"| `{metric}", Document, StringComparison.Ordinal));
    }

    private static async Task<(string Text, IReadOnlyList<Manifest> Documents)> RenderAsync(string overlay)
    {
        using var folder = new TemporaryFolder();
        var source = Path.Combine(Tools.Deploy, "overlays", overlay);
        foreach (var file in Directory.GetFiles(source))
        {
            File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
        }

        var kustomization = await File.ReadAllTextAsync(Path.Combine(source, "kustomization.yaml"));
        Assert.Contains(Line, kustomization, StringComparison.Ordinal);
        await File.WriteAllTextAsync(
            Path.Combine(folder.Path, "kustomization.yaml"),
            kustomization.Replace(Line, Line[2..], StringComparison.Ordinal).Replace("../../", Path.GetRelativePath(folder.Path, Tools.Deploy) + "/", StringComparison.Ordinal));
        return await Manifest.RenderAsync(folder.Path);
    }

    [GeneratedRegex("^### (Shop.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("_(bucket|count|sum)$")]
    private static partial Regex Suffix();
}
