using System.Text.Json;
using System.Xml.Linq;
using ShoppingSystem.ScalingPlan;
using ShoppingSystem.Tests.Kubernetes;

namespace ShoppingSystem.Tests.ScalingPlan;

public sealed class ScalingPlanCommandTests : IDisposable
{
    private static readonly string Settings = Path.Combine(Tools.Deploy, "components/keda/scaling.env");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("--rate", "fast")]
    [InlineData("--rate", "-1")]
    [InlineData("--rate", "1e9")]
    [InlineData("--shape", "square")]
    [InlineData("--duration", "60")]
    [InlineData("--duration", "1.5s")]
    [InlineData("--duration", "200h")]
    [InlineData("--backlog", "1.5")]
    [InlineData("--hot", "101")]
    [InlineData("--cold-start", "soon")]
    [InlineData("--buy-cpu", "0")]
    [InlineData("--cpu-window", "0")]
    [InlineData("--cost", "cheap")]
    [InlineData("--set", "lagTreshold=5")]
    [InlineData("--set", "lagThreshold")]
    [InlineData("--set", "lagThreshold=0")]
    [InlineData("--set", "lagThreshold=many")]
    [InlineData("--set", "managementApiMinReplicas=13")]
    [InlineData("--svg", "no/such/directory/plan.svg")]
    [InlineData("--load", "no-such-file.csv")]
    [InlineData("--set", "managementApiMaxReplicas=1")]
    [InlineData("--from-rate", "5")]
    [InlineData("--burst-rate", "5")]
    [InlineData("--web-cpu-limit", "100")]
    public async Task An_invalid_value_is_refused_in_one_line_that_names_the_option(string option, string value)
    {
        var (exitCode, output, errors) = await InvokeAsync(option, value);

        Assert.Equal((CommandLine.Usage, ""), (exitCode, output));
        Assert.StartsWith(option, errors, StringComparison.Ordinal);
        Assert.Single(errors.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("--rate", "--load day.csv --rate 5")]
    [InlineData("--duration", "--backlog 5 --duration 5m")]
    [InlineData("--ramp-time", "--shape ramp --ramp-time 20m")]
    [InlineData("--burst-length", "--shape burst --burst-length 1m")]
    public async Task Options_that_do_not_go_together_are_refused(string option, string args)
    {
        var (exitCode, _, errors) = await InvokeAsync(args.Split(' '));

        Assert.Equal(CommandLine.Usage, exitCode);
        Assert.StartsWith(option, errors, StringComparison.Ordinal);
        Assert.Single(errors.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("lagThreshold=many", "lagThreshold: many is not a whole number")]
    [InlineData("", "webServerMinReplicas is missing")]
    public async Task An_invalid_file_of_settings_is_refused(string lines, string told)
    {
        var file = Path.Combine(_folder.FullName, "scaling.env");
        await File.WriteAllTextAsync(file, lines);

        var (exitCode, _, errors) = await InvokeAsync("--settings", file);

        Assert.Equal(CommandLine.Usage, exitCode);
        Assert.Contains($"--settings: {file}: {told}", errors, StringComparison.Ordinal);
        Assert.Single(errors.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task The_plan_reports_the_duration_and_the_cost_of_a_backlog()
    {
        var (exitCode, output, errors) = await InvokeAsync("--backlog", "1000000", "--cost", "0.05");

        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Contains("recorded 1,000,000 in 6:16", output, StringComparison.Ordinal);
        Assert.Contains("caught up with after 0:26", output, StringComparison.Ordinal);
        Assert.Contains("At most 2 web servers and 4 recorders", output, StringComparison.Ordinal);
        Assert.Contains("pod hours; at 0.05 an hour", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_of_the_command_line_override_the_file()
    {
        var (_, output, _) = await InvokeAsync("--backlog", "1000000", "--set", "lagThreshold=50000", "--set", "managementApiDownWindowSeconds=0", "--cost");

        Assert.Contains("and 6 recorders", output, StringComparison.Ordinal);
        Assert.DoesNotContain(" an hour", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Writes_a_picture_and_every_second()
    {
        var (svg, json, load) = (Path.Combine(_folder.FullName, "plan.svg"), Path.Combine(_folder.FullName, "plan.json"), Path.Combine(_folder.FullName, "day.csv"));
        await File.WriteAllLinesAsync(load, ["0,2000", "12h,30000", "24h,2000"]);

        var (exitCode, _, errors) = await InvokeAsync("--load", load, "--svg", svg, "--json", json);

        Assert.Equal((0, ""), (exitCode, errors));
        var picture = XDocument.Load(svg).Root!;
        Assert.Contains("recorded 1,382,400,000", picture.Elements().First(element => element.Name.LocalName == "title").Value);
        Assert.Equal(8, picture.Elements().Count(element => element.Attribute("class")?.Value.Split(' ')[0] is "a" or "b" or "c" && element.Name.LocalName == "path"));
        Assert.Contains("prefers-color-scheme: dark", picture.Value, StringComparison.Ordinal);
        Assert.InRange(new FileInfo(svg).Length, 1, 40 * 1024);
        using var report = JsonDocument.Parse(await File.ReadAllBytesAsync(json));
        Assert.Equal(86_400, report.RootElement.GetProperty("seconds").GetArrayLength());
        Assert.Equal(86_400, report.RootElement.GetProperty("summary").GetProperty("seconds").GetInt32());
    }

    [Fact]
    public async Task Help_shows_examples()
    {
        var (exitCode, output, _) = await InvokeAsync("--help");

        Assert.Equal(0, exitCode);
        Assert.Contains("--backlog 1000000", output, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output, string Errors)> InvokeAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        string[] all = args.Contains("--settings") ? args : [.. args, "--settings", Settings];
        var exitCode = await CommandLine.InvokeAsync(all, output, errors);
        return (exitCode, output.ToString(), errors.ToString());
    }
}
