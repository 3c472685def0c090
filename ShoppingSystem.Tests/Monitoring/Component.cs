using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ShoppingSystem.Tests.Kubernetes;
using YamlDotNet.RepresentationModel;

namespace ShoppingSystem.Tests.Monitoring;

/// <summary>What <c>deploy/components/monitoring</c> says, read from its files.</summary>
internal static partial class Component
{
    public static string Folder { get; } = Path.Combine(Tools.Deploy, "components/monitoring");

    /// <summary>The rules as Prometheus' operator gives them to Prometheus: the resource without what is Kubernetes'.</summary>
    public static Manifest Rules { get; } = Assert.Single(Manifest.Parse(File.ReadAllText(Path.Combine(Folder, "rules.yaml")))).At("spec")!;

    public static IReadOnlyList<Manifest> Alerts { get; } = [.. Rules.Each("groups").SelectMany(group => group.Each("rules"))];

    /// <summary>Each panel of the dashboard: its title and its queries.</summary>
    public static IReadOnlyList<(string Title, IReadOnlyList<string> Queries)> Panels { get; } = ReadPanels();

    /// <summary>Writes the rules in Prometheus' own form.</summary>
    public static void WriteRules(string path)
    {
        using var file = File.CreateText(path);
        new YamlStream(new YamlDocument(Rules.Node)).Save(file, assignAnchors: false);
    }

    /// <summary>
    /// Whether a query asks for what other exporters tell: KEDA, or kube-state-metrics of the autoscaler and of pods. They are in no
    /// test; their names are from KEDA's and kube-state-metrics' documents.
    /// </summary>
    public static bool AsksOthers(string query) => OfOthers().IsMatch(query);

    /// <summary>The series of our own that an expression asks for, as queries without what is done with them.</summary>
    public static IEnumerable<string> SelectorsOf(string expression) =>
        Own().Matches(Grouping().Replace(expression, " ")).Select(selector => selector.Value).Distinct();

    private static IReadOnlyList<(string, IReadOnlyList<string>)> ReadPanels()
    {
        var dashboard = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "shopping-system.json")), documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false })!;
        return [.. dashboard["panels"]!.AsArray().Select(panel => (
            (string)panel!["title"]!, (IReadOnlyList<string>)[.. panel["targets"]!.AsArray().Select(target => (string)target!["expr"]!)]))];
    }

    [GeneratedRegex(@"\b(kube|keda)_")]
    private static partial Regex OfOthers();

    [GeneratedRegex(@"\b(by|on|unless on|and on)\s*\([^)]*\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"\b(shopping_\w+|up)(\{[^}]*\})?")]
    private static partial Regex Own();
}
