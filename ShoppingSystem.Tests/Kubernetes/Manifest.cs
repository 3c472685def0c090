using System.Collections.Concurrent;
using YamlDotNet.RepresentationModel;

namespace ShoppingSystem.Tests.Kubernetes;

/// <summary>A node of a rendered manifest, read by path: <c>spec/template/spec/containers/0/image</c>.</summary>
internal sealed record Manifest(YamlNode Node)
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<(string, IReadOnlyList<Manifest>)>>> Rendered = new();

    public string Kind => Text("kind");

    public string Name => Text("metadata/name");

    /// <summary>What <c>kubectl kustomize</c> makes of a folder: the text, and its documents.</summary>
    public static Task<(string Text, IReadOnlyList<Manifest> Documents)> RenderAsync(string folder) => Rendered.GetOrAdd(
        folder,
        static folder => new(async () =>
        {
            var result = await Tools.RunAsync(Tools.Kubectl, ["kustomize", folder]);
            Assert.True(result.ExitCode == 0, result.ToString());
            return (result.Output, Parse(result.Output));
        })).Value;

    /// <inheritdoc cref="RenderAsync"/>
    public static async Task<IReadOnlyList<Manifest>> OverlayAsync(string overlay) =>
        (await RenderAsync(Path.Combine(Tools.Deploy, "overlays", overlay))).Documents;

    public static IReadOnlyList<Manifest> Parse(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return [.. stream.Documents.Select(document => new Manifest(document.RootNode))];
    }

    /// <summary>The node at <paramref name="path"/>, or null.</summary>
    public Manifest? At(string path)
    {
        YamlNode? node = Node;
        foreach (var step in path.Split('/'))
        {
            node = node switch
            {
                YamlMappingNode mapping when mapping.Children.TryGetValue(step, out var child) => child,
                YamlSequenceNode sequence when int.TryParse(step, out var index) && index < sequence.Children.Count => sequence.Children[index],
                _ => null,
            };
        }

        return node is null ? null : new Manifest(node);
    }

    /// <summary>The text at <paramref name="path"/>. It must be there.</summary>
    public string Text(string path) => Maybe(path) ?? throw new InvalidOperationException($"There is no {path} in{Environment.NewLine}{Node}");

    /// <summary>The text at <paramref name="path"/>, or null.</summary>
    public string? Maybe(string path) => (At(path)?.Node as YamlScalarNode)?.Value;

    /// <summary>The values of the mapping at <paramref name="path"/>, none if there is no mapping.</summary>
    public IEnumerable<Manifest> Entries(string path) =>
        ((At(path)?.Node as YamlMappingNode)?.Children.Values ?? Enumerable.Empty<YamlNode>()).Select(value => new Manifest(value));

    /// <summary>The only entry of this mapping.</summary>
    public (string Key, Manifest Value) Only()
    {
        var entry = Assert.Single(((YamlMappingNode)Node).Children);
        return (((YamlScalarNode)entry.Key).Value!, new Manifest(entry.Value));
    }

    /// <summary>The number at <paramref name="path"/>. It must be there.</summary>
    public long Number(string path) => long.Parse(Text(path));

    /// <summary>The items of the list at <paramref name="path"/>, none if there is no list.</summary>
    public IEnumerable<Manifest> Each(string path) =>
        ((At(path)?.Node as YamlSequenceNode)?.Children ?? []).Select(item => new Manifest(item));

    /// <summary>The entries of the mapping at <paramref name="path"/>, none if there is no mapping.</summary>
    public IReadOnlyDictionary<string, string> Map(string path) =>
        ((At(path)?.Node as YamlMappingNode)?.Children ?? new YamlMappingNode().Children)
        .ToDictionary(entry => ((YamlScalarNode)entry.Key).Value!, entry => (entry.Value as YamlScalarNode)?.Value ?? "");
}

internal static class Manifests
{
    /// <summary>The one manifest of this kind and name.</summary>
    public static Manifest One(this IEnumerable<Manifest> manifests, string kind, string name) =>
        Assert.Single(manifests, manifest => manifest.Kind == kind && manifest.Name == name);

    /// <summary>All manifests of these kinds.</summary>
    public static IEnumerable<Manifest> Of(this IEnumerable<Manifest> manifests, params string[] kinds) =>
        manifests.Where(manifest => kinds.Contains(manifest.Kind));

    /// <summary>What runs pods.</summary>
    public static IEnumerable<Manifest> Workloads(this IEnumerable<Manifest> manifests) => manifests.Of("Deployment", "StatefulSet");

    public static IEnumerable<Manifest> Containers(this Manifest workload) => workload.Each("spec/template/spec/containers");

    /// <summary>True when every label of <paramref name="selector"/> is one of the workload's pods' labels.</summary>
    public static bool IsSelectedBy(this Manifest workload, IReadOnlyDictionary<string, string> selector)
    {
        var labels = workload.Map("spec/template/metadata/labels");
        return selector.All(label => labels.GetValueOrDefault(label.Key) == label.Value);
    }

    /// <summary>What KEDA watches to scale the management API.</summary>
    public static Manifest KafkaTrigger(this IEnumerable<Manifest> manifests)
    {
        var trigger = Assert.Single(manifests.One("ScaledObject", "management-api").Each("spec/triggers"));
        Assert.Equal("kafka", trigger.Text("type"));
        return trigger;
    }

    /// <summary>What a container finds in the variable <paramref name="name"/>: its literal, or its key of a rendered ConfigMap.</summary>
    public static string Environment(this IReadOnlyList<Manifest> manifests, string workload, string name)
    {
        var variable = Assert.Single(
            manifests.Workloads().Single(manifest => manifest.Name == workload).Containers().First().Each("env"),
            variable => variable.Text("name") == name);
        return variable.Maybe("value")
            ?? manifests.One("ConfigMap", variable.Text("valueFrom/configMapKeyRef/name")).Map("data")[variable.Text("valueFrom/configMapKeyRef/key")];
    }
}
