using Aspire.Hosting.Kubernetes.Resources;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace ShoppingSystem.AppHost;

/// <summary>A resource of a type for which Aspire has no class, read from a file under <c>deploy</c>.</summary>
internal sealed class Manifest(string apiVersion, string kind) : BaseKubernetesResource(apiVersion, kind)
{
    private static readonly string[] Files = ["disruption-budgets.yaml", "network-policies.yaml"];

    /// <summary>Its name under <c>deploy</c>, which is the name of the resource that it applies to.</summary>
    [YamlIgnore]
    public required string About { get; init; }

    /// <summary>Its content.</summary>
    [YamlMember(Alias = "spec")]
    public required Dictionary<object, object> Spec { get; init; }

    /// <summary>Reads <c>deploy/components/hardening</c> of the repository that <paramref name="appHostDirectory"/> is in.</summary>
    public static List<Manifest> ReadHardening(string appHostDirectory)
    {
        List<Manifest> manifests = [.. Files.SelectMany(file => Read(Path.Combine(appHostDirectory, "..", "deploy", "components", "hardening", file)))];
        // The chart's files are named after them, so the names must be unique.
        manifests.ForEach(manifest => manifest.Metadata.Name += $"-{manifest.Kind!.ToLowerInvariant()}");
        return manifests;
    }

    /// <summary>Reads every document of a file. The release sets their namespaces.</summary>
    public static IEnumerable<Manifest> Read(string path)
    {
        var deserializer = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();
        using var reader = File.OpenText(path);
        var parser = new Parser(reader);
        parser.Consume<StreamStart>();
        while (parser.Accept<DocumentStart>(out _))
        {
            var document = deserializer.Deserialize<Dictionary<string, object>>(parser);
            var name = (string)((Dictionary<object, object>)document["metadata"])["name"];
            yield return new Manifest((string)document["apiVersion"], (string)document["kind"])
            {
                About = name,
                Metadata = { Name = name },
                Spec = (Dictionary<object, object>)document["spec"],
            };
        }
    }
}
