using ShoppingSystem.Tests.Kubernetes;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Monitoring;

/// <summary>The alerts in the hands of Prometheus' own tool.</summary>
public sealed class RulesTests
{
    private const string TestFile = "rules.test.yaml";

    private static readonly string Tests = Path.Combine(Component.Folder, TestFile);

    [NeedsFact<Promtool>]
    public async Task Alert_rules_pass_the_check_and_the_lint_of_promtool()
    {
        using var folder = new TemporaryFolder();
        var rules = Path.Combine(folder.Path, "rules.yaml");
        Component.WriteRules(rules);

        var result = await Tools.RunAsync(Tools.Find("promtool")!, ["check", "rules", "--lint=all", "--lint-fatal", rules]);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains($"{Component.Alerts.Count} rules found", result.Output, StringComparison.Ordinal);
    }

    [NeedsFact<Promtool>]
    public async Task Alerts_fire_when_they_should_and_not_otherwise()
    {
        using var folder = new TemporaryFolder();
        Component.WriteRules(Path.Combine(folder.Path, "rules.yaml"));
        File.Copy(Tests, Path.Combine(folder.Path, TestFile));

        var result = await Tools.RunAsync(Tools.Find("promtool")!, ["test", "rules", Path.Combine(folder.Path, TestFile)]);

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public void Every_alert_is_tested_firing_and_not_firing()
    {
        var tested = Assert.Single(Manifest.Parse(File.ReadAllText(Tests))).Each("tests").SelectMany(test => test.Each("alert_rule_test"))
            .Select(test => (Alert: test.Text("alertname"), Fires: test.Each("exp_alerts").Any())).ToHashSet();

        Assert.All(Component.Alerts.Select(alert => alert.Text("alert")), alert =>
        {
            Assert.Contains((alert, true), tested);
            Assert.Contains((alert, false), tested);
        });
    }
}
