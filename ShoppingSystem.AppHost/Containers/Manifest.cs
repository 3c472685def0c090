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
    public required object Spec { get; init; }

    /// <summary>Reads <c>deploy/components/hardening</c> of the repository that <paramref name="appHostDirectory"/> is in.</summary>
    public static List<Manifest> ReadHardening(string appHostDirectory) =>
        [.. Files.SelectMany(file => Read(Path.Combine(appHostDirectory, "..", "deploy", "components", "hardening", file)))];

    private static IEnumerable<Manifest> Read(string path)
    {
        var deserializer = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();
        using var reader = File.OpenText(path);
        var parser = new Parser(reader);
        parser.Consume<StreamStart>();
        while (parser.Accept<DocumentStart>(out _))
        {
            var document = deserializer.Deserialize<Dictionary<string, object>>(parser);
            var (kind, name) = ((string)document["kind"], (string)((Dictionary<object, object>)document["metadata"])["name"]);
            // The release sets the namespace. The name must be unique: the chart's files are named after it.
            yield return new Manifest((string)document["apiVersion"], kind) { About = name, Metadata = { Name = $"{name}-{kind.ToLowerInvariant()}" }, Spec = document["spec"] };
        }
    }
}
