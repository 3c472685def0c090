using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kubernetes;

/// <summary>
/// The scripts of <c>deploy</c>, run with stand-ins for kubectl, helm, minikube and dotnet that write down how they were
/// called. What is not given to them is not on their path.
/// </summary>
public sealed class ScriptTests : IDisposable
{
    // What the scripts may take for granted on any Unix.
    private static readonly string[] Basics =
    [
        "awk", "basename", "bash", "cat", "cp", "cut", "date", "diff", "dirname", "env", "find", "git", "grep", "mkdir", "mktemp", "od", "rm", "sed",
        "sleep", "tail", "tr",
    ];

    private static readonly string[] Production = ["setup.sh", "--overlay", "production", "--registry", "ghcr.io/shop", "--tag", "sha-1"];

    private static readonly Dictionary<string, string> Logins = new()
    {
        ["MONGODB_CONNECTION_STRING"] = "mongodb://u:p@db.example.org/shopping",
        ["KAFKA_USERNAME"] = "shop",
        ["KAFKA_PASSWORD"] = "p",
    };

    private readonly TemporaryFolder _folder = new();

    // Relative to the copy of deploy that the scripts run in, so that nothing is written into the repository.
    private readonly string _deploy;
    private readonly string _programs;
    private readonly string _calls;

    public ScriptTests()
    {
        _deploy = Path.Combine(_folder.Path, "deploy");
        _programs = Path.Combine(_folder.Path, "bin");
        _calls = Path.Combine(_folder.Path, "calls");
        Directory.CreateDirectory(_programs);
        foreach (var file in Directory.EnumerateFiles(Tools.Deploy, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Select(file => Path.GetRelativePath(Tools.Deploy, file))
            .Where(file => !file.StartsWith("tools", StringComparison.Ordinal) && !file.StartsWith(".local", StringComparison.Ordinal)))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_deploy, file))!);
            File.Copy(Path.Combine(Tools.Deploy, file), Path.Combine(_deploy, file));
        }

        foreach (var program in Basics)
        {
            if (Tools.Find(program) is { } path)
            {
                File.CreateSymbolicLink(Path.Combine(_programs, program), path);
            }
        }
    }

    public static TheoryData<string> Scripts => [.. Directory.GetFiles(Tools.Deploy, "*.sh").Select(file => Path.GetFileName(file)).Where(name => name != "lib.sh").Order()];

    public void Dispose() => _folder.Dispose();

    [NeedsFact<ShellCheck>]
    public async Task Shellcheck_finds_no_fault_in_the_scripts()
    {
        var result = await Tools.RunAsync("shellcheck", ["--external-sources", "--source-path=SCRIPTDIR", .. Directory.GetFiles(Tools.Deploy, "*.sh")]);

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [NeedsTheory<Bash>, MemberData(nameof(Scripts))]
    public async Task Every_script_prints_its_usage(string script)
    {
        var help = await RunAsync(script, "--help");

        Assert.Equal(0, help.ExitCode);
        Assert.Contains($"usage: deploy/{script}", help.Output);
        Assert.Contains("--help", help.Output);
        Assert.DoesNotContain("set -euo", help.Output);
    }

    [NeedsTheory<Bash>, MemberData(nameof(Scripts))]
    public async Task Every_script_refuses_unknown_arguments(string script)
    {
        AssertRefused("Unknown argument '--nonsense'", await RunAsync(script, "--nonsense"));
        Assert.Empty(Calls());
    }

    [NeedsTheory<Bash>]
    [InlineData("setup.sh", "kubectl")]
    [InlineData("teardown.sh --yes", "kubectl")]
    [InlineData("watch.sh --once", "kubectl")]
    [InlineData("reset-data.sh wipe --yes", "kubectl")]
    [InlineData("load.sh", "kubectl")]
    [InlineData("setup.sh", "helm")]
    [InlineData("setup.sh", "dotnet")]
    [InlineData("setup.sh", "minikube")]
    [InlineData("teardown.sh --keda", "helm")]
    [InlineData("generate.sh", "dotnet")]
    [InlineData("generate.sh", "jq")]
    [InlineData("generate.sh", "kubectl")]
    public async Task Every_script_names_a_missing_program_before_it_does_anything(string command, string missing)
    {
        GiveAll();
        File.Delete(Path.Combine(_programs, missing));

        AssertRefused($"'{missing}' is not installed", await RunAsync(command.Split(' ')));
        AssertNothingChanged();
    }

    [NeedsTheory<Bash>]
    [InlineData("--overlay nowhere", "There is no overlay 'nowhere'")]
    [InlineData("--overlay", "--overlay needs a value")]
    [InlineData("--timeout soon", "--timeout needs a number")]
    [InlineData("--push", "--push needs --registry")]
    [InlineData("--registry ghcr.io/shop --push --tag sha-1", "one of them")]
    [InlineData("--registry ghcr.io/shop --tag latest", "'latest' says nothing")]
    [InlineData("--registry ghcr.io/shop", "say --tag")]
    [InlineData("--tag sha-1", "--tag needs --registry")]
    [InlineData("--overlay production", "Which images?")]
    [InlineData("--overlay production --registry ghcr.io/shop --tag sha-1", "Set MONGODB_CONNECTION_STRING")]
    public async Task Setup_refuses_invalid_arguments(string arguments, string reason)
    {
        GiveAll();

        AssertRefused(reason, await RunAsync(["setup.sh", .. arguments.Split(' ')]));
        AssertNothingChanged();
    }

    [NeedsFact<Bash>]
    public async Task Setup_refuses_when_nothing_runs_or_something_else_does()
    {
        GiveAll();
        Give("minikube", """[ "$1" != status ] || exit 7""");
        AssertRefused("Minikube is not running", await RunAsync("setup.sh"));

        GiveAll();
        Give("kubectl", """case "$*" in "config current-context") echo somewhere-else ;; esac""");
        AssertRefused("kubectl points at 'somewhere-else'", await RunAsync("setup.sh"));

        GiveAll();
        Give("kubectl", """case "$*" in "config current-context") echo minikube ;; cluster-info) exit 1 ;; esac""");
        AssertRefused("No cluster answers", await RunAsync("setup.sh"));
        AssertNothingChanged();
    }

    [NeedsFact<Bash>]
    public async Task Setup_refuses_production_without_login_or_brokers()
    {
        GiveAll();
        string[] command = ["setup.sh", "--overlay", "production", "--registry", "ghcr.io/shop", "--tag", "sha-1"];
        var environment = new Dictionary<string, string> { ["MONGODB_CONNECTION_STRING"] = "mongodb://u:p@db.example.org/shopping" };
        AssertRefused("Set KAFKA_USERNAME and KAFKA_PASSWORD", await RunAsync(command, environment));

        environment["KAFKA_USERNAME"] = "shop";
        environment["KAFKA_PASSWORD"] = "p";
        AssertRefused("still names an example", await RunAsync(command, environment));
        AssertNothingChanged();
    }

    [NeedsTheory<Bash>]
    [InlineData("security.protocol=SASL_SSL", "security.protocol=SSL", "security.protocol is 'SSL'")]
    [InlineData("security.protocol=SASL_SSL", "security.protocol=PLAIN", "security.protocol is 'PLAIN'")]
    [InlineData("sasl.mechanism=SCRAM-SHA-512", "sasl.mechanism=ScramSha512", "sasl.mechanism is 'ScramSha512'")]
    [InlineData("sasl.mechanism=SCRAM-SHA-512", "", "It can be SCRAM-SHA-512 SCRAM-SHA-256 PLAIN")]
    public async Task Setup_refuses_words_that_Kafka_or_KEDA_does_not_have(string right, string wrong, string reason)
    {
        GiveAll();
        ChangeFile("overlays/production/kafka.env", right, wrong);
        ChangeFile("overlays/production/kafka.env", "kafka.example.com", "kafka.example.org");

        AssertRefused(reason, await RunAsync(Production, Logins));
        AssertNothingChanged();
    }

    [NeedsFact<Bash>]
    public async Task Setup_brings_the_authority_of_the_brokers_where_there_is_one()
    {
        GiveAll();
        ChangeFile("overlays/production/kafka.env", "kafka.example.com", "kafka.example.org");
        ChangeFile("overlays/production/kustomization.yaml", "# - ../../components/kafka-ca", "- ../../components/kafka-ca");
        AssertRefused("Set KAFKA_CA_FILE", await RunAsync(Production, Logins));
        AssertNothingChanged();

        var authority = Path.Combine(_folder.Path, "authority.pem");
        await File.WriteAllTextAsync(authority, "certificate");
        var result = await RunAsync(Production, new Dictionary<string, string>(Logins) { ["KAFKA_CA_FILE"] = authority });

        Assert.True(result.ExitCode == 0, result.ToString());
        AssertInOrder(Calls(), $"kubectl -n shopping-system create secret generic kafka-ca --from-file=ca.crt={authority}", "kubectl apply -k");
    }

    [NeedsFact<Bash>]
    public async Task Setup_says_how_to_get_the_operators_that_are_missing()
    {
        string[] command = ["setup.sh", "--overlay", "highly-available", "--registry", "ghcr.io/shop", "--tag", "sha-1"];
        GiveAll();
        var nothing = await RunAsync(command);
        AssertRefused("Strimzi is not in this cluster", nothing);
        Assert.Contains("helm install strimzi oci://quay.io/strimzi-helm/strimzi-kafka-operator --version 1.2.0", nothing.Errors);

        Give("kubectl", Cluster("""*"get crd kafkas.kafka.strimzi.io"*) printf 'v1beta2' ;;"""));
        AssertRefused("Strimzi is too old", await RunAsync(command));

        Give("kubectl", Cluster("""*"get crd kafkas.kafka.strimzi.io"*) printf 'v1beta2 v1' ;;"""));
        var one = await RunAsync(command);
        AssertRefused("MongoDB Controllers for Kubernetes is not in this cluster", one);
        Assert.Contains("--set operator.watchNamespace=shopping-system", one.Errors);

        Give("kubectl", Cluster("""*"get crd kafkas.kafka.strimzi.io"*|*"get crd mongodbcommunity."*) printf 'v1' ;;"""));
        AssertRefused("doesn't watch namespace shopping-system", await RunAsync(command));
        AssertNothingChanged();
    }

    [NeedsFact<Bash>]
    public async Task Setup_waits_for_what_the_operators_run_before_it_starts_the_services()
    {
        GiveAll();
        Give("kubectl", Cluster("""
            *"get crd kafkas.kafka.strimzi.io"*|*"get crd mongodbcommunity."*) printf 'v1' ;;
            *"get serviceaccount"*) echo serviceaccount/mongodb-kubernetes-appdb ;;
            """));
        var result = await RunAsync("setup.sh", "--overlay", "highly-available", "--registry", "ghcr.io/shop", "--tag", "sha-1");

        Assert.True(result.ExitCode == 0, result.ToString());
        AssertInOrder(
            Calls(),
            "kubectl -n shopping-system patch secret mongodb-shop-password",
            $"kubectl apply -k {_deploy}/.local/highly-available --selector app in (kafka, mongodb)",
            "kubectl -n shopping-system wait --for condition=Ready kafka/shop",
            "kubectl -n shopping-system wait --for condition=Ready kafkatopic/purchases",
            "kubectl -n shopping-system wait --for condition=Ready kafkauser/shop-services",
            "kubectl -n shopping-system wait --for jsonpath={.status.phase}=Running mongodbcommunity/mongodb",
            "kubectl apply -k",
            "kubectl -n shopping-system rollout status deployment.apps/web-server");
        Assert.DoesNotContain(Calls(), call => call.StartsWith("minikube", StringComparison.Ordinal));
    }

    [NeedsFact<Bash>]
    public async Task Setup_starts_as_many_as_the_autoscaler_will_keep_at_least()
    {
        GiveAll();
        Give("kubectl", Cluster("""
            *"get scaledobject.keda.sh/management-api"*minReplicaCount*) echo 2 ;;
            *"get deployment/management-api"*spec.replicas*) echo 1 ;;
            *"get scaledobject.keda.sh/web-server"*minReplicaCount*) echo 2 ;;
            *"get deployment/web-server"*spec.replicas*) echo 5 ;;
            """));
        Assert.Equal(0, (await RunAsync("setup.sh")).ExitCode);
        Assert.Contains("kubectl -n shopping-system scale deployment/management-api --replicas 2", Calls());
        Assert.DoesNotContain(Calls(), call => call.Contains("scale deployment/web-server", StringComparison.Ordinal));

        File.Delete(_calls);
        Give("kubectl", Cluster("""
            *"get scaledobject.keda.sh/management-api"*minReplicaCount*) echo 2 ;;
            *"get deployment/management-api"*spec.replicas*) echo 0 ;;
            *"get scaledobject.keda.sh/management-api"*annotations*) echo '{"autoscaling.keda.sh/paused-replicas":"0"}' ;;
            """));
        Assert.Equal(0, (await RunAsync("setup.sh")).ExitCode);
        Assert.DoesNotContain(Calls(), call => call.Contains(" scale ", StringComparison.Ordinal));
    }

    [NeedsFact<Bash>]
    public async Task Setup_makes_KEDA_reconcile_again_while_it_waits()
    {
        GiveAll();
        Give("kubectl", Cluster("""
            *"wait --for condition=Ready scaledobject.keda.sh/management-api"*) [ "$(grep -c 'paused-scale-in-$' "$CALLS")" -ge 2 ] || { echo 'error: timed out waiting for the condition' >&2; exit 1; } ;;
            """));
        var result = await RunAsync("setup.sh");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.DoesNotContain("timed out", result.Errors);
        AssertInOrder(
            Calls(),
            "kubectl -n shopping-system annotate scaledobject.keda.sh/management-api autoscaling.keda.sh/paused-scale-in=false",
            "kubectl -n shopping-system annotate scaledobject.keda.sh/management-api autoscaling.keda.sh/paused-scale-in-",
            "kubectl -n shopping-system annotate scaledobject.keda.sh/management-api autoscaling.keda.sh/paused-scale-in=false",
            "kubectl -n shopping-system annotate scaledobject.keda.sh/management-api autoscaling.keda.sh/paused-scale-in-");
    }

    [NeedsFact<Bash>]
    public async Task Setup_names_KEDAs_pods_and_logs_when_it_does_not_scale()
    {
        GiveAll();
        const string Blind = """*"wait --for condition=Ready scaledobject"*) echo 'error: timed out waiting for the condition' >&2; exit 1 ;;""";
        Give("kubectl", Cluster(Blind));
        var down = await RunAsync("setup.sh", "--timeout", "1");
        AssertRefused("KEDA does not run", down);
        Assert.Contains("kubectl -n keda logs deploy/keda-operator", down.Errors);
        Assert.Contains("kubectl -n keda get pods", Calls());
        Assert.DoesNotContain("timed out waiting", down.Errors);

        Give("kubectl", Cluster($"{Blind} *'get deployment keda-operator'*) echo 1 ;;"));
        var blind = await RunAsync("setup.sh", "--timeout", "1");
        AssertRefused("KEDA can't scale by scaledobject.keda.sh/management-api", blind);
        Assert.Contains("kubectl -n keda logs deploy/keda-operator", blind.Errors);
    }

    [NeedsFact<Bash>]
    public async Task Setup_refuses_to_make_a_new_password_for_old_data()
    {
        GiveAll();
        Give("kubectl", """
            case "$*" in
                "config current-context") echo minikube ;;
                *"get pvc data-mongodb-0"*) echo persistentvolumeclaim/data-mongodb-0 ;;
            esac
            """);

        AssertRefused("its password is gone", await RunAsync("setup.sh"));
        Assert.DoesNotContain(Calls(), call => call.StartsWith("kubectl apply -k", StringComparison.Ordinal));
    }

    [NeedsFact<Bash>]
    public async Task Setup_prepares_builds_applies_and_waits()
    {
        GiveAll();
        var result = await RunAsync("setup.sh");

        Assert.True(result.ExitCode == 0, result.ToString());
        var calls = Calls();
        AssertInOrder(
            calls,
            "minikube addons enable metrics-server",
            "minikube addons enable ingress",
            "helm upgrade --install keda keda --repo https://kedacore.github.io/charts --version 2.20.2 --namespace keda --create-namespace --wait",
            "kubectl apply -f",
            "kubectl -n shopping-system patch secret shopping-secrets",
            "dotnet publish",
            "minikube image load",
            // KEDA finds a Kafka that answers.
            $"kubectl apply -k {_deploy}/.local/minikube --selector app in (kafka, mongodb)",
            "kubectl -n shopping-system rollout status statefulset.apps/kafka",
            "kubectl apply -k",
            "kubectl -n shopping-system rollout status deployment.apps/web-server",
            "kubectl -n shopping-system wait --for condition=Ready scaledobject.keda.sh/management-api");
        Assert.Equal(3, calls.Count(call => call.StartsWith("dotnet publish", StringComparison.Ordinal)));
        Assert.All(
            calls.Where(call => call.StartsWith("dotnet publish", StringComparison.Ordinal)),
            call => Assert.Matches("--os linux --arch x64 .*-t:PublishContainer", call));

        // Secrets are made, and never on a command line: what patches them reads it from standard input.
        Assert.Matches("stringData: {management-api-key: \"[0-9a-f]{48}\"}", Input());
        Assert.Matches("stringData: {mongodb-password: \"[0-9a-f]{48}\"}", Input());
        Assert.DoesNotContain(calls, call => call.Contains("from-literal", StringComparison.Ordinal));

        Assert.Contains("http://purchase.local/", result.Output);
        Assert.Contains("port-forward service/web-server 8081", result.Output);
    }

    [NeedsFact<Bash>]
    public async Task Setup_keeps_the_secrets_that_are_there()
    {
        GiveAll();
        Give("kubectl", Cluster("""*"get secret"*jsonpath=*) echo c2VjcmV0 ;;"""));
        var result = await RunAsync("setup.sh");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.DoesNotContain(Calls(), call => call.Contains("patch secret", StringComparison.Ordinal) || call.Contains("create secret", StringComparison.Ordinal));
    }

    [NeedsFact<Rendering>]
    public async Task Setup_deploys_exactly_the_images_that_were_asked_for()
    {
        GiveAll();
        var result = await RunAsync("setup.sh", "--registry", "ghcr.io/shop/system/", "--tag", "sha-1234567");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.DoesNotContain(Calls(), call => call.StartsWith("dotnet", StringComparison.Ordinal));
        var (_, manifests) = await Manifest.RenderAsync(Path.Combine(_deploy, ".local/minikube"));
        Assert.Equal("ghcr.io/shop/system/web-server:sha-1234567", manifests.One("Deployment", "web-server").Text("spec/template/spec/containers/0/image"));
        Assert.Equal("ghcr.io/shop/system/management-api:sha-1234567", manifests.One("Deployment", "management-api").Text("spec/template/spec/containers/0/image"));
    }

    [NeedsFact<Bash>]
    public async Task Setup_pushes_both_platforms_to_the_registry()
    {
        GiveAll();
        var result = await RunAsync("setup.sh", "--registry", "ghcr.io/shop/system", "--push");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.DoesNotContain(Calls(), call => call.StartsWith("minikube image", StringComparison.Ordinal));
        var publishes = Calls().Where(call => call.StartsWith("dotnet publish", StringComparison.Ordinal)).ToArray();
        Assert.Equal(3, publishes.Length);
        Assert.All(publishes, call =>
        {
            Assert.Contains("-p:ContainerRuntimeIdentifiers=\"linux-x64;linux-arm64\"", call);
            Assert.Contains("-p:ContainerRegistry=ghcr.io ", call);
            Assert.Contains("-p:ContainerRepository=shop/system/", call);
        });
    }

    [NeedsFact<Bash>]
    public async Task Setup_says_when_Minikube_did_not_take_an_image()
    {
        GiveAll();
        Give("minikube", """case "$1" in profile) echo minikube ;; esac""");

        AssertRefused("Minikube did not take the image web-server:dev-", await RunAsync("setup.sh"));
        Assert.DoesNotContain(Calls(), call => call.StartsWith("kubectl apply -k", StringComparison.Ordinal));
    }

    [NeedsFact<Bash>]
    public async Task Setup_says_what_is_not_ready()
    {
        GiveAll();
        Give("kubectl", Cluster("""*"rollout status statefulset.apps/kafka"*) exit 1 ;;"""));

        AssertRefused("statefulset.apps/kafka is not ready", await RunAsync("setup.sh", "--timeout", "7"));
    }

    [NeedsTheory<Bash>]
    [InlineData("teardown.sh")]
    [InlineData("teardown.sh --keep-data")]
    [InlineData("reset-data.sh drop")]
    [InlineData("reset-data.sh wipe")]
    public async Task Scripts_that_delete_ask_first(string command)
    {
        GiveAll();
        Give("kubectl", Cluster("""*"get pvc/data-mongodb-0"*) echo persistentvolumeclaim/data-mongodb-0 ;; *"get namespace"*) echo namespace/shopping-system ;;"""));

        AssertRefused("nobody is there to answer", await RunAsync(command.Split(' ')));
        AssertNothingChanged();
    }

    [NeedsFact<Bash>]
    public async Task Teardown_lets_KEDA_finish_before_the_namespace_goes()
    {
        GiveAll();
        Give("kubectl", Cluster("""*"get namespace"*) echo namespace/shopping-system ;; *--all-namespaces*) ;;"""));
        var result = await RunAsync("teardown.sh", "--yes", "--keda");

        Assert.True(result.ExitCode == 0, result.ToString());
        AssertInOrder(
            Calls(),
            "kubectl -n shopping-system delete scaledobjects,triggerauthentications --all",
            "kubectl delete namespace shopping-system",
            "helm uninstall keda --namespace keda");
    }

    [NeedsFact<Bash>]
    public async Task Teardown_lets_Strimzi_finish_before_the_namespace_goes_and_keeps_what_operators_run()
    {
        const string HighlyAvailable = """*"get namespace"*) echo namespace/shopping-system ;; *"get crd kafkas"*) echo crd ;; *"get kafka shop"*) echo kafka/shop ;;""";
        GiveAll();
        Give("kubectl", Cluster(HighlyAvailable));
        Assert.Equal(0, (await RunAsync("teardown.sh", "--yes")).ExitCode);
        AssertInOrder(Calls(), "kubectl -n shopping-system delete kafkatopics,kafkausers --all", "kubectl delete namespace shopping-system");

        File.Delete(_calls);
        Assert.Equal(0, (await RunAsync("teardown.sh", "--yes", "--keep-data")).ExitCode);
        Assert.DoesNotContain(Calls(), call => call.Contains(" delete ", StringComparison.Ordinal) && (call.Contains("kafka", StringComparison.Ordinal) || call.Contains("statefulset", StringComparison.Ordinal)));
        Assert.Contains("kubectl -n shopping-system delete ingress,service,deployment web-server management-api --ignore-not-found", Calls());
    }

    [NeedsFact<Bash>]
    public async Task Teardown_can_keep_the_data()
    {
        GiveAll();
        Give("kubectl", Cluster("""*"get namespace"*) echo namespace/shopping-system ;;"""));
        var result = await RunAsync("teardown.sh", "--yes", "--keep-data");

        Assert.True(result.ExitCode == 0, result.ToString());
        var deleted = Calls().Where(call => call.Contains(" delete ", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(deleted);
        Assert.DoesNotContain(deleted, call => call.Contains("namespace ", StringComparison.Ordinal) || call.Contains("pvc", StringComparison.Ordinal) || call.Contains("secret", StringComparison.Ordinal));
    }

    [NeedsFact<Bash>]
    public async Task Teardown_keeps_KEDA_while_it_scales_other_applications()
    {
        GiveAll();
        Give("kubectl", Cluster("""*"get scaledobjects --all-namespaces"*) echo scaledobject.keda.sh/somebody-elses ;;"""));

        AssertRefused("KEDA still scales others", await RunAsync("teardown.sh", "--yes", "--keda"));
        Assert.DoesNotContain(Calls(), call => call.StartsWith("helm uninstall", StringComparison.Ordinal));
    }

    [NeedsFact<Bash>]
    public async Task Reset_refuses_without_a_choice_or_without_data()
    {
        GiveAll();

        AssertRefused("drop or wipe?", await RunAsync("reset-data.sh", "--yes"));
        AssertRefused("There is no data", await RunAsync("reset-data.sh", "wipe", "--yes"));
        AssertNothingChanged();
    }

    [NeedsFact<Bash>]
    public async Task Wiping_stops_the_writers_and_removes_the_password()
    {
        GiveAll();
        Give("kubectl", Cluster("""*" get "*) echo something ;;"""));
        var result = await RunAsync("reset-data.sh", "wipe", "--yes");

        Assert.True(result.ExitCode == 0, result.ToString());
        AssertInOrder(
            Calls(),
            "kubectl -n shopping-system delete scaledobjects --all",
            "kubectl -n shopping-system scale deployment/management-api --replicas 0",
            "kubectl -n shopping-system delete statefulset kafka mongodb",
            "kubectl -n shopping-system delete pvc data-kafka-0 data-mongodb-0",
            "kubectl -n shopping-system patch secret shopping-secrets --type json",
            "kubectl -n shopping-system scale deployment/management-api --replicas 1");
    }

    [NeedsFact<Bash>]
    public async Task Watch_shows_the_lag_as_KEDA_sees_it()
    {
        GiveAll();
        Give("kubectl", Cluster("""
            *"get namespace"*) ;;
            *"jsonpath={.status.externalMetricNames[0]}"*) echo s0-kafka-purchases ;;
            *"get --raw"*s0-kafka-purchases*) echo '{"kind":"ExternalMetricValueList","items":[{"metricName":"s0-kafka-purchases","value":"1234"}]}' ;;
            """));

        var result = await RunAsync("watch.sh", "--once");
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("lag KEDA sees: 1234", result.Output);

        GiveAll();
        Give("kubectl", Cluster("""*"get namespace"*) ;; *"jsonpath={.status.externalMetricNames[0]}"*) echo s0-kafka-purchases ;; *"get --raw"*) exit 1 ;;"""));
        Assert.Contains("unknown: KEDA can't read it", (await RunAsync("watch.sh", "--once")).Output);
        AssertRefused("--every needs a number", await RunAsync("watch.sh", "--every", "often"));
        Give("kubectl", Cluster());
        AssertRefused("There is no shop in this cluster", await RunAsync("watch.sh", "--once"));
    }

    [NeedsFact<Both<Rendering, Jq>>]
    public async Task Generate_refuses_wrong_output_of_Aspirate()
    {
        var (manifest, aspirate) = (Path.Combine(_folder.Path, "manifest.json"), Path.Combine(_programs, "aspirate"));
        await File.WriteAllTextAsync(manifest, """{"resources": {"web-server": {"type": "project.v0", "path": "x.csproj", "env": {}, "bindings": {"http": {}}}}}""");
        GiveAll();
        foreach (var (program, path) in new[] { ("jq", Tools.Find("jq")!), ("kubectl", Tools.Kubectl) })
        {
            File.Delete(Path.Combine(_programs, program));
            File.CreateSymbolicLink(Path.Combine(_programs, program), path);
        }

        var right = await Mistaking("s/nothing/nothing/");
        Assert.True(right.ExitCode == 0 && right.Output.Contains("deploy/base is what the AppHost says"), right.ToString());

        AssertRefused("placeholder", await Mistaking("s/kafka.shopping-system.svc:9092/{kafka.connectionString}/"));
        AssertRefused("HTML-escaped", await Mistaking("s/&auth/\\&amp;auth/"));
        AssertRefused("port where nothing listens", await Mistaking("s/ontainerPort: 8081/ontainerPort: 8443/"));
        AssertRefused("port where nothing listens", await Mistaking("s/port: 8080/port: 0/"));
        AssertRefused("A password", await Mistaking("s/admin:$(MONGODB_PASSWORD)@/admin:hunter2@/"));
        AssertRefused("secret with its value", await Mistaking("s/'$(MANAGEMENT_API_KEY)'/'hunter2'/"));
        AssertRefused("kustomize refuses", await Mistaking("s/^kind: Service$/kind:/"));
        AssertRefused("web-server is in the manifest, and nowhere in the result", await Mistaking("s/name: web-server/name: webserver/"));
        AssertRefused("has drifted", await Mistaking("s/storage: 8Gi/storage: 9Gi/"));
        AssertRefused("There is no manifest", await RunAsync("generate.sh", "--check", "--manifest", "nowhere.json"));

        Task<Result> Mistaking(string sed)
        {
            Give("aspirate", $"""
                while [ "$1" != --output-path ]; do shift; done
                cp -r "{_deploy}/base" "$2"
                find "$2" -name '*.yaml' -exec sed -i "$MISTAKE" {"{}"} +
                """);
            return RunAsync(
                ["generate.sh", "--check", "--manifest", manifest],
                new Dictionary<string, string> { ["ASPIRATE"] = aspirate, ["MISTAKE"] = sed });
        }
    }

    [NeedsTheory<Bash>]
    [InlineData("--backlog", "--backlog needs a value")]
    [InlineData("--backlog many", "--backlog needs a number")]
    [InlineData("--backlog 1000 --rate 0.5", "--backlog needs a whole --rate")]
    [InlineData("--backlog 1000 --duration 5s", "leave out --duration")]
    [InlineData("--rate 100", "There is no shop in this cluster")]
    public async Task Load_refuses_invalid_arguments(string arguments, string reason)
    {
        GiveAll();

        AssertRefused(reason, await RunAsync(["load.sh", .. arguments.Split(' ')]));
        AssertNothingChanged();
    }

    [NeedsFact<Bash>]
    public async Task Load_refuses_a_shop_of_real_customers_unless_told()
    {
        GiveAll();
        Give("kubectl", Cluster($"{Image} {FinishedJob(0)}"));
        AssertRefused("does not take load tests", await RunAsync("load.sh"));
        AssertNothingChanged();

        Assert.Equal(0, (await RunAsync("load.sh", "--anyway")).ExitCode);
    }

    [NeedsFact<Bash>]
    public async Task Load_refuses_to_start_when_the_recorder_is_paused_already()
    {
        GiveAll();
        Give("kubectl", Cluster($$"""{{Image}} {{Welcome}} *"get scaledobject/management-api"*annotations*) echo '{"autoscaling.keda.sh/paused-replicas":"0"}' ;;"""));

        AssertRefused("paused already", await RunAsync("load.sh", "--backlog", "1000"));
        AssertNothingChanged();
    }

    [NeedsFact<Both<Rendering, Bash>>]
    public async Task Load_is_a_Job_that_the_cluster_takes_with_the_image_of_what_runs()
    {
        GiveAll();
        Give("kubectl", Cluster($"{Image} {Welcome} {FinishedJob(0)}"));
        var result = await RunAsync("load.sh", "--rate", "300", "--duration", "2m", "--", "--user-prefix", "a\"b");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("Every acknowledged purchase is recorded exactly once.", result.Output);
        Assert.Equal("", await OverlayTests.MistakesAsync(Input()));
        var job = Manifest.Parse(Input()).Single();
        var (pod, container) = (job.At("spec/template/spec")!, job.At("spec/template/spec/containers/0")!);
        Assert.Equal("ghcr.io/shop/load-test:sha-1", container.Text("image"));
        Assert.Equal(
            "--url http://web-server:8081 --rate 300 --duration 2m --users 500 --verify 15m --user-prefix a\"b",
            string.Join(' ', container.Each("args").Select(argument => argument.Node.ToString())));
        // Once, and as Pod Security's "restricted" wants it.
        Assert.Equal(0, job.Number("spec/backoffLimit"));
        Assert.Equal("Never", pod.Text("restartPolicy"));
        Assert.Equal("false", pod.Text("automountServiceAccountToken"));
        Assert.Equal("true", pod.Text("securityContext/runAsNonRoot"));
        Assert.Equal("RuntimeDefault", pod.Text("securityContext/seccompProfile/type"));
        Assert.Equal("false", container.Text("securityContext/allowPrivilegeEscalation"));
        Assert.Equal("true", container.Text("securityContext/readOnlyRootFilesystem"));
        Assert.Equal("ALL", container.Text("securityContext/capabilities/drop/0"));
        // No policy lets it call anything but the web server, which is open to all.
        Assert.Equal("load-test", Assert.Single(job.Map("spec/template/metadata/labels")).Value);
        var policy = (await Manifest.OverlayAsync("minikube")).One("NetworkPolicy", "web-server");
        Assert.Null(Assert.Single(policy.Each("spec/ingress")).At("from"));
    }

    [NeedsTheory<Bash>]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Load_ends_as_the_load_test_does(int code)
    {
        GiveAll();
        Give("kubectl", Cluster($"{Image} {Welcome} {FinishedJob(code)}"));

        Assert.Equal(code, (await RunAsync("load.sh")).ExitCode);
    }

    [NeedsFact<Bash>]
    public async Task Load_sells_a_backlog_while_the_recorder_stands_still_and_shows_how_it_goes()
    {
        GiveAll();
        // The Job ends at the third look after the recorder was let go; pods come and go meanwhile.
        Give("kubectl", Cluster($$"""
            {{Image}} {{Welcome}}
            *"get pods --selector job-name="*exitCode*) [ "$(grep -c readyReplicas "$CALLS")" -lt 3 ] || printf 0 ;;
            *"get pods --selector job-name="*running*) printf running ;;
            *"logs --follow"*) printf '%s\n' '1s: 2,000/s' 'verifying: the histories of 0 of 500 users are read' 'verifying: the histories of 9 of 500 users are read' ;;
            *" logs job/load-test-"*) printf '%s\n' '1s: 2,000/s' 'verifying: the histories of 500 of 500 users are read' 'Every acknowledged purchase is recorded exactly once.' ;;
            *"get scaledobject/management-api"*minReplicaCount*) printf 1 ;;
            *"jsonpath={.status.externalMetricNames[0]}"*) echo s0-kafka-purchases ;;
            *"get --raw"*) echo '{"items":[{"value":"24k"}]}' ;;
            *"get deployment management-api"*spec.replicas*) set -- 1 5 12 2 1; shift "$(grep -c readyReplicas "$CALLS")"; printf '%s' "${1:-1}" ;;
            *"apply -f -"*) cat >>"$CALLS.input" ;;
            """));
        var result = await RunAsync("load.sh", "--backlog", "600000");

        Assert.True(result.ExitCode == 0, result.ToString());
        var calls = Calls();
        AssertInOrder(
            calls,
            "kubectl -n shopping-system annotate scaledobject/management-api autoscaling.keda.sh/paused-replicas=0",
            "kubectl -n shopping-system wait --for delete pod --selector app=management-api",
            "kubectl -n shopping-system apply -f -",
            "kubectl -n shopping-system logs --follow",
            "kubectl -n shopping-system annotate scaledobject/management-api autoscaling.keda.sh/paused-replicas-",
            "kubectl -n shopping-system get deployment management-api");
        Assert.Single(calls, call => call.EndsWith("paused-replicas-", StringComparison.Ordinal));
        Assert.Contains("""
            "--rate", "2000", "--duration", "300s"
            """, Input());
        Assert.Contains("\"--no-lag\"", Input());
        Assert.Matches(@"lag 24k +pods 12", result.Output);
        Assert.Contains("Every acknowledged purchase is recorded exactly once.", result.Output);
        Assert.Contains("pods: 1, at most 12, 1 in the end", result.Output);
    }

    [NeedsFact<Bash>]
    public async Task Load_resumes_the_recorder_after_a_failure()
    {
        GiveAll();
        Give("kubectl", Cluster($"""
            {Image} {Welcome} {FinishedJob(2)}
            """));
        Assert.Equal(2, (await RunAsync("load.sh", "--backlog", "1000", "--", "--nonsense")).ExitCode);
        AssertInOrder(Calls(), "kubectl -n shopping-system annotate scaledobject/management-api autoscaling.keda.sh/paused-replicas=0", "kubectl -n shopping-system annotate scaledobject/management-api autoscaling.keda.sh/paused-replicas-");

        File.Delete(_calls);
        Give("kubectl", Cluster($"""{Image} {Welcome} *"wait --for delete pod"*) exit 1 ;;"""));
        AssertRefused("does not stop within", await RunAsync("load.sh", "--backlog", "1000"));
        AssertInOrder(Calls(), "kubectl -n shopping-system annotate scaledobject/management-api autoscaling.keda.sh/paused-replicas=0", "kubectl -n shopping-system annotate scaledobject/management-api autoscaling.keda.sh/paused-replicas-");
    }

    private const string Image = """*"get deployment web-server"*image*) printf ghcr.io/shop/web-server:sha-1 ;;""";

    private const string Welcome = """*"get deployment web-server"*annotations*) printf welcome ;;""";

    private static string FinishedJob(int code) => $$"""
        *"get pods --selector job-name="*exitCode*) printf {{code}} ;;
        *"get pods --selector job-name="*running*) printf terminated ;;
        *"logs --follow"*) echo 'Every acknowledged purchase is recorded exactly once.' ;;
        *"apply -f -"*) cat >>"$CALLS.input" ;;
        """;

    private static void AssertRefused(string reason, Result result)
    {
        Assert.True(result.ExitCode == 1 && result.Errors.Contains(reason, StringComparison.Ordinal), $"Not refused with \"{reason}\": {result}");
        Assert.Contains("ERROR: ", result.Errors);
    }

    private void AssertNothingChanged() => Assert.DoesNotContain(Calls(), call => !(
        call.Contains(" get ", StringComparison.Ordinal) || call.StartsWith("kubectl config", StringComparison.Ordinal)
        || call is "kubectl cluster-info" or "minikube status" or "minikube profile"));

    private static void AssertInOrder(string[] calls, params string[] expected)
    {
        var from = 0;
        foreach (var start in expected)
        {
            var at = Array.FindIndex(calls, from, call => call.StartsWith(start, StringComparison.Ordinal));
            Assert.True(at >= 0, $"Not called, or not in this order: {start}{Environment.NewLine}{string.Join(Environment.NewLine, calls)}");
            from = at + 1;
        }
    }

    // A cluster in which everything works and nothing is there yet, but for what the first cases say.
    private static string Cluster(string first = "") => $"""
        case "$*" in
            {first}
            "config current-context") echo minikube ;;
            *"get namespace "*) exit 1 ;;
            *"get statefulsets -o name"*) echo statefulset.apps/kafka ;;
            *"get statefulsets,deployments -o name"*) printf '%s\n' statefulset.apps/kafka deployment.apps/management-api deployment.apps/web-server ;;
            *"get scaledobjects -o name"*) printf '%s\n' scaledobject.keda.sh/management-api scaledobject.keda.sh/web-server ;;
            *"get ingress web-server"*) echo purchase.local ;;
            *"--patch-file /dev/stdin"*) cat >>"$CALLS.input" ;;
        esac
        """;

    private void GiveAll()
    {
        Give("kubectl", Cluster());
        Give("helm", "");
        Give("minikube", """
            case "$1 ${2:-}" in
                "profile ") echo minikube ;;
                "ip ") echo 192.0.2.1 ;;
                "image ls") sed -n 's|.*ContainerRepository=\([^ ]*\) -p:ContainerImageTag=\([^ ]*\).*|docker.io/library/\1:\2|p' "$CALLS" ;;
            esac
            """);
        Give("dotnet", "");
        Give("jq", "");
        // Nothing happens here that takes time.
        Give("sleep", "");
    }

    private void ChangeFile(string file, string from, string to)
    {
        var path = Path.Combine(_deploy, file);
        var text = File.ReadAllText(path);
        Assert.Contains(from, text);
        File.WriteAllText(path, text.Replace(from, to));
    }

    private void Give(string program, string body)
    {
        var path = Path.Combine(_programs, program);
        File.Delete(path);
        File.WriteAllText(path, $"#!/usr/bin/env bash\nprintf '%s\\n' \"{program} $*\" >>\"$CALLS\"\n{body}\n");
        Tools.MakeExecutable(path);
    }

    private string[] Calls() => File.Exists(_calls) ? File.ReadAllLines(_calls) : [];

    private string Input() => File.ReadAllText(_calls + ".input");

    private Task<Result> RunAsync(params string[] command) => RunAsync(command, new Dictionary<string, string>());

    private Task<Result> RunAsync(string[] command, IReadOnlyDictionary<string, string> environment) => Tools.RunAsync(
        Path.Combine(_programs, "bash"),
        [Path.Combine(_deploy, command[0]), .. command[1..]],
        new Dictionary<string, string>(environment) { ["PATH"] = _programs, ["CALLS"] = _calls, ["KEDA_VERSION"] = "" });
}
