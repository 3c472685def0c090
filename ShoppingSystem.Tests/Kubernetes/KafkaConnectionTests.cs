using System.Text.RegularExpressions;
using Confluent.Kafka;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kubernetes;

/// <summary>An overlay's <c>kafka.env</c>: is it all that has to be said, and do the services and KEDA make the same of it?</summary>
public sealed class KafkaConnectionTests
{
    public static TheoryData<string, string, bool> Choices
    {
        get
        {
            var choices = new TheoryData<string, string, bool>();
            foreach (var protocol in new[] { "SASL_SSL", "SASL_PLAINTEXT" })
            {
                foreach (var mechanism in new[] { "SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN" })
                {
                    choices.Add(protocol, mechanism, true);
                    choices.Add(protocol, mechanism, false);
                }
            }

            return choices;
        }
    }

    public static TheoryData<string> OverlaysWithLogin => ["production", "highly-available"];

    [NeedsTheory<Rendering>, MemberData(nameof(Choices))]
    public async Task Kafka_settings_are_translated_for_the_services_and_for_KEDA(string protocol, string mechanism, bool authority)
    {
        var (text, manifests) = await ProductionAsync($"bootstrap.servers=b-1.kafka.test:9093,b-2.kafka.test:9093\nsecurity.protocol={protocol}\nsasl.mechanism={mechanism}\n", authority);

        foreach (var service in new[] { "web-server", "management-api" })
        {
            Assert.Equal("b-1.kafka.test:9093,b-2.kafka.test:9093", manifests.Environment(service, "ConnectionStrings__kafka"));
            Assert.Equal(protocol, KafkasWord(manifests.Environment(service, "Kafka__SecurityProtocol")));
            Assert.Equal(mechanism, KafkasWord(manifests.Environment(service, "Kafka__SaslMechanism")));
            Enum.Parse<SecurityProtocol>(manifests.Environment(service, "Kafka__SecurityProtocol"));
            Enum.Parse<SaslMechanism>(manifests.Environment(service, "Kafka__SaslMechanism"));
        }

        // The words that KEDA's Kafka scaler knows.
        var keda = KedasSettings(manifests);
        Assert.Equal(protocol == "SASL_SSL" ? "enable" : "disable", keda["tls"]);
        Assert.Equal(mechanism switch { "PLAIN" => "plaintext", "SCRAM-SHA-256" => "scram_sha256", _ => "scram_sha512" }, keda["sasl"]);
        Assert.Equal(authority, keda.ContainsKey("ca"));
        Assert.Empty(await OverlayTests.MistakesAsync(text));
    }

    [NeedsTheory<Rendering>, MemberData(nameof(OverlaysWithLogin))]
    public async Task KEDA_logs_in_as_the_services_do_and_trusts_whom_they_trust(string overlay)
    {
        var manifests = await Manifest.OverlayAsync(overlay);
        var keda = KedasSettings(manifests);

        foreach (var service in new[] { "web-server", "management-api" })
        {
            foreach (var (parameter, variable) in new[] { ("username", "SaslUsername"), ("password", "SaslPassword"), ("ca", "SslCaPem") })
            {
                var source = manifests.One("Deployment", service).Containers().First().Each("env").SingleOrDefault(entry => entry.Text("name") == $"Kafka__{variable}");
                Assert.Equal(keda.GetValueOrDefault(parameter), source is null ? null : Value(manifests, source.At("valueFrom")!.Only()));
            }
        }

        Assert.Equal("scram_sha512", keda["sasl"]);
        Assert.Equal("enable", keda["tls"]);
    }

    [NeedsFact<Rendering>]
    public async Task KEDA_needs_no_login_for_Kafka_on_Minikube()
    {
        var manifests = await Manifest.OverlayAsync("minikube");

        Assert.Null(manifests.KafkaTrigger().At("authenticationRef"));
        Assert.Empty(manifests.Of("TriggerAuthentication"));
    }

    [NeedsFact<Rendering>]
    public async Task A_change_replaces_the_pods_and_reaches_KEDA()
    {
        var (_, before) = await ProductionAsync("bootstrap.servers=b-1.kafka.test:9093\nsecurity.protocol=SASL_SSL\nsasl.mechanism=PLAIN\n", authority: false);

        foreach (var change in new[]
        {
            "bootstrap.servers=b-2.kafka.test:9093\nsecurity.protocol=SASL_SSL\nsasl.mechanism=PLAIN\n",
            "bootstrap.servers=b-1.kafka.test:9093\nsecurity.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n",
        })
        {
            var (_, after) = await ProductionAsync(change, authority: false);
            foreach (var service in new[] { "web-server", "management-api" })
            {
                Assert.NotEqual(Template(before, service), Template(after, service));
            }
        }

        // The ConfigMaps are named in both by their content's hash.
        foreach (var reference in before.One("TriggerAuthentication", "kafka-sasl").Each("spec/configMapTargetRef"))
        {
            Assert.Matches("^kafka-words-[a-z0-9]{10}$", reference.Text("name"));
        }

        static string Template(IReadOnlyList<Manifest> manifests, string service) => manifests.One("Deployment", service).At("spec/template")!.Node.ToString();
    }

    [NeedsFact<Rendering>]
    public async Task A_word_that_Kafka_does_not_have_keeps_pods_from_starting()
    {
        var (_, manifests) = await ProductionAsync("bootstrap.servers=b:9093\nsecurity.protocol=PLAIN\nsasl.mechanism=SCRAM-SHA512\n", authority: false);

        var words = manifests.Single(manifest => manifest.Name.StartsWith("kafka-words-", StringComparison.Ordinal)).Map("data");
        foreach (var variable in new[] { "Kafka__SecurityProtocol", "Kafka__SaslMechanism" })
        {
            var source = manifests.One("Deployment", "web-server").Containers().First().Each("env").Single(entry => entry.Text("name") == variable).At("valueFrom/configMapKeyRef")!;
            Assert.DoesNotContain(source.Text("key"), words.Keys);
            Assert.Null(source.Maybe("optional"));
        }
    }

    // The overlay production with another kafka.env, and maybe with component kafka-ca.
    private static async Task<(string Text, IReadOnlyList<Manifest> Documents)> ProductionAsync(string connection, bool authority)
    {
        using var folder = new TemporaryFolder();
        var overlay = await File.ReadAllTextAsync(Path.Combine(Tools.Deploy, "overlays/production/kustomization.yaml"));
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "kafka.env"), connection);
        await File.WriteAllTextAsync(
            Path.Combine(folder.Path, "kustomization.yaml"),
            (authority ? overlay.Replace("# - ../../components/kafka-ca", "- ../../components/kafka-ca") : overlay)
                .Replace("../../", Path.GetRelativePath(folder.Path, Tools.Deploy) + "/"));
        return await Manifest.RenderAsync(folder.Path);
    }

    private static Dictionary<string, string> KedasSettings(IReadOnlyList<Manifest> manifests)
    {
        var authentication = manifests.One("TriggerAuthentication", manifests.KafkaTrigger().Text("authenticationRef/name"));
        return new[] { "configMap", "secret" }
            .SelectMany(kind => authentication.Each($"spec/{kind}TargetRef").Select(reference => (Kind: kind, Reference: reference)))
            .ToDictionary(setting => setting.Reference.Text("parameter"), setting => Value(manifests, (setting.Kind, setting.Reference)));
    }

    // What a key of a ConfigMap holds; of a Secret, which one it is.
    private static string Value(IReadOnlyList<Manifest> manifests, (string Kind, Manifest Reference) source) =>
        source.Kind.StartsWith("configMap", StringComparison.Ordinal)
            ? manifests.One("ConfigMap", source.Reference.Text("name")).Map("data")[source.Reference.Text("key")]
            : $"Secret {source.Reference.Text("name")}, key {source.Reference.Text("key")}";

    // SaslSsl is SASL_SSL, ScramSha512 is SCRAM-SHA-512: librdkafka's words, which are Kafka's, are what the enums stand for.
    private static string KafkasWord(string name) => name switch
    {
        nameof(SecurityProtocol.SaslSsl) or nameof(SecurityProtocol.SaslPlaintext) => Regex.Replace(name, "(?<=[a-z])(?=[A-Z])", "_").ToUpperInvariant(),
        _ => Regex.Replace(name, "(?<=[a-z])(?=[A-Z0-9])", "-").ToUpperInvariant(),
    };
}
