using System.Text.RegularExpressions;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kubernetes;

/// <summary>The workflows of <c>.github</c>: does GitHub understand them, and are the scripts in them in order?</summary>
public sealed partial class WorkflowTests
{
    private static readonly string Folder = Path.GetFullPath(Path.Combine(Tools.Deploy, "../.github/workflows"));

    private static readonly Manifest Cluster = Manifest.Parse(File.ReadAllText(Path.Combine(Folder, "cluster.yml"))).Single();

    [NeedsFact<Rendering>]
    public async Task Workflows_are_valid_for_GitHub()
    {
        var result = await Tools.RunAsync("node", [Path.Combine(Tools.Deploy, "tools/workflows.mjs"), .. Directory.GetFiles(Folder, "*.yml")]);

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [NeedsFact<Rendering>]
    public async Task Mistakes_in_workflows_are_found()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "wrong.yml");
        var text = await File.ReadAllTextAsync(Path.Combine(Folder, "cluster.yml"));
        await File.WriteAllTextAsync(file, text.Replace("workflow_dispatch:", "workflow_dispatched:").Replace("timeout-minutes: 45", "timeout: 45"));

        var result = await Tools.RunAsync("node", [Path.Combine(Tools.Deploy, "tools/workflows.mjs"), file]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("workflow_dispatched", result.Output);
        Assert.Contains("\"timeout\"", result.Output);
    }

    [NeedsFact<ShellCheck>]
    public async Task Shellcheck_finds_no_fault_in_the_scripts_of_workflows()
    {
        using var folder = new TemporaryFolder();
        var files = new List<string>();
        foreach (var workflow in Directory.GetFiles(Folder, "*.yml"))
        {
            foreach (var script in Scripts(Manifest.Parse(await File.ReadAllTextAsync(workflow)).Single()))
            {
                files.Add(Path.Combine(folder.Path, $"{Path.GetFileNameWithoutExtension(workflow)}-{files.Count}.sh"));
                // GitHub puts in the value of an expression before the shell sees it, and runs bash with -e.
                await File.WriteAllTextAsync(files[^1], $"set -e\n{Expression().Replace(script, "value")}\n");
            }
        }

        // What is only said, as of quotes that are meant so, is nothing to fail for.
        var result = await Tools.RunAsync("shellcheck", ["--shell=bash", "--severity=warning", .. files]);

        Assert.NotEmpty(files);
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public void The_cluster_is_tried_by_the_scripts_that_everybody_has_each_night_and_on_demand()
    {
        Assert.NotEmpty(Cluster.Each("on/schedule"));
        Assert.NotNull(Cluster.At("on/workflow_dispatch"));

        var scripts = string.Join('\n', Scripts(Cluster));
        foreach (var script in new[] { "setup.sh", "load.sh", "load.sh --backlog", "teardown.sh", "watch.sh" })
        {
            Assert.Contains($"deploy/{script}", scripts, StringComparison.Ordinal);
        }

        Assert.All(Called().Matches(scripts), call => Assert.True(File.Exists(Path.Combine(Tools.Deploy, call.Groups[1].Value)), call.Value));
        // The words that they look for are those that the script says.
        Assert.Contains("step \"pods: $least, at most $most, $replicas in the end", File.ReadAllText(Path.Combine(Tools.Deploy, "load.sh")), StringComparison.Ordinal);
        Assert.Contains("==> pods: 1, at most ", scripts, StringComparison.Ordinal);
    }

    [Fact]
    public void The_adapters_are_tried_on_servers_that_the_tests_know_of()
    {
        foreach (var (service, variable, port) in new[] { ("kafka", "SHOPPING_TEST_KAFKA", 9092), ("mongodb", "SHOPPING_TEST_MONGODB", 27017) })
        {
            Assert.Equal($"{port}:{port}", Cluster.Text($"jobs/adapters/services/{service}/ports/0"));
            Assert.Contains($"localhost:{port}", Cluster.Text($"jobs/adapters/env/{variable}"), StringComparison.Ordinal);
            Assert.Matches(@":\d+(\.\d+)+$", Cluster.Text($"jobs/adapters/services/{service}/image"));
        }
    }

    private static IEnumerable<string> Scripts(Manifest workflow) => workflow.Entries("jobs").SelectMany(job => job.Each("steps")).Select(step => step.Maybe("run")).OfType<string>();

    [GeneratedRegex(@"\$\{\{.*?\}\}")]
    private static partial Regex Expression();

    [GeneratedRegex(@"deploy/([a-z-]+\.sh)")]
    private static partial Regex Called();
}
