using System.Text.RegularExpressions;

namespace ShoppingSystem.Tests.Kubernetes;

/// <summary>The release pipeline: does it publish what the overlays deploy?</summary>
public sealed partial class ReleaseTests
{
    private static readonly string File = System.IO.File.ReadAllText(Path.Combine(Tools.Deploy, "../.github/workflows/release.yml"));
    private static readonly Manifest Workflow = Manifest.Parse(File).Single();

    [Fact]
    public void A_release_follows_a_CI_run_that_passed_on_main()
    {
        Assert.Equal(["CI"], Workflow.Each("on/workflow_run/workflows").Select(name => name.Node.ToString()));
        Assert.Equal(["main"], Workflow.Each("on/workflow_run/branches").Select(name => name.Node.ToString()));
        Assert.Contains("github.event.workflow_run.conclusion == 'success'", Workflow.Text("jobs/images/if"));
        // The commit that passed, not the last one.
        Assert.All(Checkouts(), checkout => Assert.Equal("${{ env.COMMIT }}", checkout.Text("with/ref")));
        Assert.Equal("${{ github.event.workflow_run.head_sha }}", Workflow.Text("env/COMMIT"));
    }

    [Fact]
    public void A_release_builds_every_deployed_image_for_both_platforms()
    {
        var images = Workflow.Each("jobs/images/strategy/matrix/include").ToDictionary(image => image.Text("image"), image => image.Text("project"));

        Assert.Equal(["load-test", "management-api", "standalone", "web-server"], images.Keys.Order());
        var (setup, names) = (System.IO.File.ReadAllText(Path.Combine(Tools.Deploy, "setup.sh")), System.IO.File.ReadAllText(Path.Combine(Tools.Deploy, "Images.props")));
        Assert.All(images, image =>
        {
            var project = Path.Combine(Tools.Deploy, "..", image.Value, $"{Path.GetFileName(image.Value)}.csproj");
            Assert.Contains("deploy/Images.props", System.IO.File.ReadAllText(project));
            Assert.Contains($"'$(MSBuildProjectName)' == '{Path.GetFileName(image.Value)}'\">{image.Key}<", names);
        });
        // As setup.sh does; Standalone needs no cluster.
        Assert.All(images.Where(image => image.Key != "standalone"), image => Assert.Contains($"{image.Key}:{image.Value}", setup));
        Assert.All(images.Keys.Except(["load-test", "standalone"]), image => Assert.Contains(
            $"image: {image}:", System.IO.File.ReadAllText(Path.Combine(Tools.Deploy, "base", image, "deployment.yaml"))));

        var publish = Run("Build and push");
        Assert.Contains("-t:PublishContainer", publish);
        Assert.Contains("-p:ContainerRuntimeIdentifiers=\"linux-x64;linux-arm64\"", publish);
        Assert.Contains("-p:ContainerImageTags=\"latest;${{ steps.names.outputs.tag }}\"", publish);
        Assert.Contains("tag=sha-${COMMIT::7}", Run("Names"));
        // At the same time, the two builds of a library get into each other's way.
        Assert.Contains("<ContainerPublishInParallel>false</ContainerPublishInParallel>", System.IO.File.ReadAllText(Path.Combine(Tools.Deploy, "Images.props")));
    }

    [Theory]
    [InlineData("ShoppingSystem.WebServer")]
    [InlineData("ShoppingSystem.ManagementApi")]
    [InlineData("ShoppingSystem.Standalone")]
    [InlineData("tools/ShoppingSystem.LoadTest")]
    public async Task Every_image_is_compiled_ahead(string project)
    {
        // As a release and setup.sh publish it, for one of the platforms.
        var asked = await Tools.RunAsync("dotnet", ["msbuild", Path.Combine(Tools.Root, project), "-p:Configuration=Release", "-p:RuntimeIdentifier=linux-arm64",
            "-p:ContainerRepository=shop/any", "-getProperty:PublishReadyToRun"]);

        Assert.True(asked.ExitCode == 0, asked.Output);
        Assert.Equal("true", asked.Output.Trim());
    }

    [Fact]
    public void A_release_attests_the_origin_of_its_images()
    {
        foreach (var action in new[] { "attest-sbom", "attest-build-provenance" })
        {
            var step = Assert.Single(Workflow.Each("jobs/images/steps"), step => step.Maybe("uses")?.StartsWith($"actions/{action}@", StringComparison.Ordinal) == true);
            Assert.Equal("${{ steps.digest.outputs.digest }}", step.Text("with/subject-digest"));
            Assert.Equal("true", step.Text("with/push-to-registry"));
        }

        Assert.Equal("write", Workflow.Text("jobs/images/permissions/attestations"));
        Assert.Equal("write", Workflow.Text("jobs/images/permissions/id-token"));
        // A tag of an action can be moved; a commit can't.
        Assert.All(Actions().Matches(File), action => Assert.Matches("^[0-9a-f]{40}$", action.Groups[1].Value));
    }

    [Fact]
    public void The_commands_of_a_release_deploy_its_build()
    {
        var commands = Workflow.Each("jobs/how-to-deploy/steps").Single().Text("run");

        Assert.Contains("git checkout $COMMIT", commands);
        Assert.Contains("deploy/setup.sh --registry $images --tag sha-${COMMIT::7}", commands);
    }

    private static IEnumerable<Manifest> Checkouts() => Workflow.Each("jobs/images/steps")
        .Where(step => step.Maybe("uses")?.StartsWith("actions/checkout@", StringComparison.Ordinal) == true);

    private static string Run(string step) => Assert.Single(Workflow.Each("jobs/images/steps"), candidate => candidate.Maybe("name") == step).Text("run");

    [GeneratedRegex(@"uses: \S+@(\S+)")]
    private static partial Regex Actions();
}
