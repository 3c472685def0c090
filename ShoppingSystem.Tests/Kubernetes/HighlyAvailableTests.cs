using System.Text.RegularExpressions;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kubernetes;

/// <summary>The overlay whose Kafka and MongoDB are run by operators: is nothing single, and does it find what the operators make?</summary>
public sealed class HighlyAvailableTests
{
    /// <summary>The Secrets, with their keys, that the operators make of what is in an overlay.</summary>
    internal static IEnumerable<(string Secret, string Key)> SecretsOf(IReadOnlyList<Manifest> manifests) =>
    [
        // What somebody makes, where component kafka-ca is in: setup.sh, of a file.
        ("kafka-ca", "ca.crt"),
        .. manifests.Of("Kafka").Select(kafka => ($"{kafka.Name}-cluster-ca-cert", "ca.crt")),
        .. manifests.Of("KafkaUser").Select(user => (user.Name, "password")),
        .. manifests.Of("MongoDBCommunity").SelectMany(cluster => cluster.Each("spec/users")).Select(user => (user.Text("connectionStringSecretName"), "connectionString.standard")),
    ];

    [NeedsFact<Rendering>]
    public async Task The_highly_available_overlay_replicates_services_Kafka_and_MongoDB()
    {
        var manifests = await Manifest.OverlayAsync("highly-available");

        Assert.Empty(manifests.Of("StatefulSet"));
        Assert.All(manifests.Of("ScaledObject"), scaled => Assert.True(scaled.Number("spec/minReplicaCount") >= 2));
        Assert.Equal(["broker", "controller"], manifests.Of("KafkaNodePool").SelectMany(pool => pool.Each("spec/roles")).Select(role => role.Node.ToString()).Order());
        Assert.All(manifests.Of("KafkaNodePool"), pool =>
        {
            Assert.Equal(3, pool.Number("spec/replicas"));
            Assert.All(pool.Each("spec/storage/volumes"), volume => Assert.Equal("persistent-claim", volume.Text("type")));
            Assert.Contains(pool.Each("spec/template/pod/topologySpreadConstraints"), IsOneANode);
        });
        var mongodb = Assert.Single(manifests.Of("MongoDBCommunity"));
        Assert.Equal(3, mongodb.Number("spec/members"));
        Assert.Contains(mongodb.Each("spec/statefulSet/spec/template/spec/topologySpreadConstraints"), IsOneANode);

        static bool IsOneANode(Manifest spread) =>
            spread.Text("topologyKey") == "kubernetes.io/hostname" && spread.Text("whenUnsatisfiable") == "DoNotSchedule" && spread.Number("maxSkew") == 1;
    }

    [NeedsFact<Rendering>]
    public async Task The_topic_is_as_the_document_on_Kafka_wants_it_and_as_the_services_use_it()
    {
        var manifests = await Manifest.OverlayAsync("highly-available");
        var (kafka, topic) = (Assert.Single(manifests.Of("Kafka")), Assert.Single(manifests.Of("KafkaTopic")));

        Assert.Equal(manifests.Environment("web-server", "Shopping__Topic"), topic.Name);
        Assert.Equal(manifests.Environment("web-server", "Shopping__Partitions"), topic.Text("spec/partitions"));
        Assert.Equal(3, topic.Number("spec/replicas"));
        var config = topic.Map("spec/config");
        Assert.Equal("2", config["min.insync.replicas"]);
        Assert.Equal("false", config["unclean.leader.election.enable"]);
        Assert.Equal("delete", config["cleanup.policy"]);
        Assert.True(TimeSpan.FromMilliseconds(long.Parse(config["retention.ms"])) >= TimeSpan.FromDays(7));
        Assert.True(long.Parse(config["max.message.bytes"]) >= 1_000_000);
        foreach (var internalTopic in new[] { "offsets.topic.replication.factor", "transaction.state.log.replication.factor", "default.replication.factor" })
        {
            Assert.Equal("3", kafka.Map("spec/kafka/config")[internalTopic]);
        }

        Assert.Equal("2", kafka.Map("spec/kafka/config")["min.insync.replicas"]);
        Assert.All(
            manifests.Of("KafkaTopic", "KafkaUser", "KafkaNodePool"),
            part => Assert.Equal(kafka.Name, part.Map("metadata/labels")["strimzi.io/cluster"]));
    }

    [NeedsFact<Rendering>]
    public async Task The_services_may_do_what_they_do_and_nothing_else()
    {
        var manifests = await Manifest.OverlayAsync("highly-available");
        var user = Assert.Single(manifests.Of("KafkaUser"));

        var rights = user.Each("spec/authorization/acls").ToDictionary(
            acl => $"{acl.Text("resource/type")} {acl.Text("resource/name")}", acl => acl.Each("operations").Select(operation => operation.Node.ToString()).Order().ToArray());
        Assert.Equal(2, rights.Count);
        Assert.Equal(["Describe", "Read", "Write"], rights[$"topic {manifests.Environment("management-api", "Shopping__Topic")}"]);
        Assert.Equal(["Describe", "Read"], rights[$"group {manifests.Environment("management-api", "Shopping__ConsumerGroup")}"]);
        Assert.All(user.Each("spec/authorization/acls"), acl => Assert.Equal("literal", acl.Text("resource/patternType")));
        Assert.Equal("scram-sha-512", user.Text("spec/authentication/type"));
        Assert.Equal(user.Name, manifests.Environment("web-server", "Kafka__SaslUsername"));
    }

    [NeedsFact<Rendering>]
    public async Task The_services_find_the_brokers_where_Strimzi_puts_them()
    {
        var manifests = await Manifest.OverlayAsync("highly-available");
        var kafka = Assert.Single(manifests.Of("Kafka"));
        var listener = Assert.Single(kafka.Each("spec/kafka/listeners"));

        Assert.Equal(
            $"{kafka.Name}-kafka-bootstrap.shopping-system.svc:{listener.Text("port")}", manifests.Environment("management-api", "ConnectionStrings__kafka"));
        Assert.Equal("true", listener.Text("tls"));
        Assert.Equal("scram-sha-512", listener.Text("authentication/type"));
        Assert.Equal("simple", kafka.Text("spec/kafka/authorization/type"));
        // As the cluster's own Kafka has it: both services, and KEDA from its namespace.
        Assert.Equal(
            ["keda-operator", "management-api", "web-server"], listener.Each("networkPolicyPeers").Select(peer => peer.Map("podSelector/matchLabels")["app"]).Order());
    }

    [NeedsFact<Rendering>]
    public async Task MongoDB_is_reached_by_its_members_and_by_those_who_record()
    {
        var manifests = await Manifest.OverlayAsync("highly-available");
        var (mongodb, policy) = (Assert.Single(manifests.Of("MongoDBCommunity")), manifests.One("NetworkPolicy", "mongodb-members"));

        // The operator labels its pods so.
        var pods = $"{mongodb.Name}-svc";
        Assert.Equal(pods, policy.Map("spec/podSelector/matchLabels")["app"]);
        Assert.Equal(
            ["management-api", pods], policy.Each("spec/ingress").Single().Each("from").Select(from => from.Map("podSelector/matchLabels")["app"]).Order());
        Assert.Equal(pods, manifests.One("PodDisruptionBudget", "mongodb-members").Map("spec/selector/matchLabels")["app"]);
        // The connection string names the user's database, which is where the record is.
        Assert.Equal("shopping", Assert.Single(mongodb.Each("spec/users")).Text("db"));
        Assert.Contains("keep mongodb-shop-password password ", File.ReadAllText(Path.Combine(Tools.Deploy, "setup.sh")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_operators_are_those_that_the_definitions_are_of()
    {
        var versions = Regex.Matches(File.ReadAllText(Path.Combine(Tools.Deploy, "lib.sh")), @"(STRIMZI|MONGODB_OPERATOR)_VERSION:-([\d.]+)").ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);

        Assert.StartsWith($"# What Strimzi {versions["STRIMZI"]} ", File.ReadAllText(Path.Combine(Tools.Deploy, "tools/crds/strimzi.yaml")), StringComparison.Ordinal);
        Assert.StartsWith(
            $"# What MongoDB Controllers for Kubernetes {versions["MONGODB_OPERATOR"]} ", File.ReadAllText(Path.Combine(Tools.Deploy, "tools/crds/mongodb-community.yaml")), StringComparison.Ordinal);
    }
}
