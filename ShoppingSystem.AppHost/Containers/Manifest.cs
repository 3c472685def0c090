using Aspire.Hosting.Kubernetes.Resources;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace ShoppingSystem.AppHost;

/// <summary>A resource of a kind that Aspire has no class for, as it stands in a file under <c>deploy</c>.</summary>
internal sealed class Manifest(string apiVersion, string kind) : BaseKubernetesResource(apiVersion, kind)
{
    private static readonly string[] Files = ["disruption-budgets.yaml", "network-policies.yaml"];

    /// <summary>The name that it has under <c>deploy</c>, which is that of the resource that it is about.</summary>
    [YamlIgnore]
    public required string About { get; init; }

    /// <summary>What it says.</summary>
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
            // Its namespace is the release's. By its name, the chart's files are told apart.
            yield return new Manifest((string)document["apiVersion"], kind) { About = name, Metadata = { Name = $"{name}-{kind.ToLowerInvariant()}" }, Spec = document["spec"] };
        }
    }
}
