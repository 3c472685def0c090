using System.Text.Json.Nodes;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kubernetes;

/// <summary><c>mend.jq</c>: what it makes of an Aspire manifest before Aspirate reads it.</summary>
public sealed class ManifestMendingTests
{
    private const string Password = """
        "db-password": {"type": "parameter.v0", "value": "{db-password.inputs.value}", "inputs": {"value": {"type": "string", "secret": true}}},
        "db-password-uri-encoded": {"type": "annotated.string", "value": "{db-password.value}", "filter": "uri"}
        """;

    [NeedsFact<Jq>]
    public async Task Secrets_become_references_to_variables()
    {
        var resources = await MendAsync($$$"""
            "db": {"type": "container.v0", "connectionString": "db://admin:{db-password-uri-encoded.value}@{db.bindings.tcp.host}", "env": {"ROOT_PASSWORD": "{db-password.value}"}},
            "shop": {"type": "value.v0", "connectionString": "{db.connectionString}/shop"},
            "api": {"type": "project.v0", "path": "Api/Api.csproj", "env": {
                "ConnectionStrings__shop": "{shop.connectionString}", "SHOP_PASSWORD": "{db-password.value}", "Plain": "a & b"}},
            {{{Password}}}
            """);

        Assert.Equal(["api", "db", "shop"], resources.Select(resource => resource.Key).Order());
        Assert.Equal("$(DB_PASSWORD)", (string?)resources["db"]!["env"]!["ROOT_PASSWORD"]);
        Assert.Equal("""{"DB_PASSWORD":"db-password"}""", resources["db"]!["annotations"]!.ToJsonString());
        Assert.Equal("db://admin:$(DB_PASSWORD)@{db.bindings.tcp.host}/shop", (string?)resources["api"]!["env"]!["ConnectionStrings__shop"]);
        Assert.Equal("a & b", (string?)resources["api"]!["env"]!["Plain"]);
        Assert.Equal("""{"DB_PASSWORD":"db-password"}""", resources["api"]!["annotations"]!.ToJsonString());
        // A copy that nobody reads.
        Assert.Null(resources["api"]!["env"]!["SHOP_PASSWORD"]);
    }

    [NeedsFact<Jq>]
    public async Task Only_workloads_that_need_a_secret_get_it()
    {
        var resources = await MendAsync($$$"""
            "web": {"type": "project.v0", "path": "Web/Web.csproj", "env": {"A": "b"}}, {{{Password}}}
            """);

        Assert.Empty(resources["web"]!["annotations"]!.AsObject());
        Assert.DoesNotContain("PASSWORD", resources.ToJsonString());
    }

    [NeedsFact<Jq>]
    public async Task Services_listen_on_http_where_the_AppHost_says()
    {
        var resources = await MendAsync("""
            "web": {"type": "project.v1", "path": "../Web/Web.csproj", "deployment": {"type": "azure.bicep.v0"},
                "env": {"HTTP_PORTS": "{web.bindings.http.targetPort}", "services__api__https__0": "{api.bindings.https.url}"},
                "bindings": {"http": {"scheme": "http", "port": 8081}, "https": {"scheme": "https"}}},
            "api": {"type": "project.v0", "path": "Api.csproj", "env": {}, "bindings": {"http": {"scheme": "http", "port": 80, "targetPort": 8080}}}
            """);

        var web = resources["web"]!.AsObject();
        Assert.Equal("project.v0", (string?)web["type"]);
        Assert.Null(web["deployment"]);
        Assert.Equal("/somewhere/../Web/Web.csproj", (string?)web["path"]);
        Assert.Equal("""{"http":{"scheme":"http","targetPort":8081}}""", web["bindings"]!.ToJsonString());
        Assert.Equal("""{"HTTP_PORTS":"{web.bindings.http.targetPort}"}""", web["env"]!.ToJsonString());
        Assert.Equal("""{"http":{"scheme":"http","targetPort":8080}}""", resources["api"]!["bindings"]!.ToJsonString());
    }

    [NeedsFact<Jq>]
    public async Task Kafka_advertises_what_it_listens_on()
    {
        var resources = await MendAsync("""
            "kafka": {"type": "container.v0", "connectionString": "{kafka.bindings.tcp.host}:{kafka.bindings.tcp.port}", "env": {
                "KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://{kafka.bindings.tcp.host}:29092,PLAINTEXT_HOST://{kafka.bindings.tcp.host}:{kafka.bindings.tcp.port}",
                "KAFKA_LOG_DIRS": "/data"}, "bindings": {"tcp": {"targetPort": 9092}},
                "volumes": [{"name": "apphost-1234-kafka-data", "target": "/data"}]}
            """);

        var kafka = resources["kafka"]!;
        Assert.Equal(
            "PLAINTEXT://localhost:29092,PLAINTEXT_HOST://kafka.there.svc:{kafka.bindings.tcp.port}",
            (string?)kafka["env"]!["KAFKA_ADVERTISED_LISTENERS"]);
        Assert.Equal("/data/logs", (string?)kafka["env"]!["KAFKA_LOG_DIRS"]);
        Assert.Equal("kafka.there.svc:{kafka.bindings.tcp.port}", (string?)kafka["connectionString"]);
        Assert.Equal("data", (string?)kafka["volumes"]![0]!["name"]);
    }

    [NeedsTheory<Jq>]
    [InlineData("""{"type": "container.v0", "bindMounts": [{"source": "a", "target": "/a"}]}""", "bind mounts")]
    [InlineData("""{"type": "container.v0", "volumes": [{"name": "a", "target": "/a"}, {"name": "b", "target": "/b"}]}""", "More than one volume")]
    public async Task A_resource_that_Aspirate_would_lose_is_refused(string resource, string reason)
    {
        var result = await RunAsync($$""" "db": {{resource}} """);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(reason, result.Errors);
    }

    private static async Task<JsonObject> MendAsync(string resources)
    {
        var result = await RunAsync(resources);
        Assert.True(result.ExitCode == 0, result.ToString());
        return JsonNode.Parse(result.Output)!["resources"]!.AsObject();
    }

    private static async Task<Result> RunAsync(string resources)
    {
        using var folder = new TemporaryFolder();
        var manifest = Path.Combine(folder.Path, "manifest.json");
        await File.WriteAllTextAsync(manifest, $$"""{"resources": { {{resources}} } }""");
        return await Tools.RunAsync("jq", ["--arg", "namespace", "there", "--arg", "root", "/somewhere", "-f", Path.Combine(Tools.Deploy, "aspirate/mend.jq"), manifest]);
    }
}
