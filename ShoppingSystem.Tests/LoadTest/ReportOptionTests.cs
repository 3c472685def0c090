using System.Text.Json.Nodes;
using System.Xml.Linq;
using ShoppingSystem.LoadTest;
using ShoppingSystem.Tests.Kubernetes;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.LoadTest;

/// <summary><c>--baseline</c> and <c>--open</c>: what they take, and what they refuse before anything is bought.</summary>
public sealed class ReportOptionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_baseline_is_what_json_wrote()
    {
        var (file, again) = (Path.Combine(_folder.Path, "result.json"), Path.Combine(_folder.Path, "again.json"));
        await JsonReport.WriteAsync(file, Reports.WithErrors(Reports.Verified(), ("HTTP 503", 3)));

        var (exitCode, options, _, _) = await InvokeAsync("--html", "report.html", "--baseline", file, "--open");

        Assert.Equal((0, "report.html", true), (exitCode, options!.HtmlFile, options.Open));
        await JsonReport.WriteAsync(again, options.Baseline!);
        Assert.Equal(await File.ReadAllTextAsync(file), await File.ReadAllTextAsync(again));
    }

    [Theory]
    [InlineData("it is not JSON", "{ \"runId\": ")]
    [InlineData("it is not JSON", "")]
    [InlineData("not the result of a load test", "[]")]
    [InlineData("not the result of a load test", "{\"summary\":{},\"seconds\":[]}")]
    [InlineData("its version is none", "{\"runId\":\"0badcafe\"}")]
    [InlineData("its version is 2", "{\"runId\":\"0badcafe\",\"version\":2}")]
    [InlineData("startedAt", "{\"runId\":\"0badcafe\",\"version\":1}")]
    public async Task A_file_that_is_no_such_result_is_refused_by_its_name_and_what_is_wrong(string problem, string content)
    {
        var file = Path.Combine(_folder.Path, "result.json");
        await File.WriteAllTextAsync(file, content);

        await IsRefusedAsync(file, problem);
    }

    [Theory]
    [InlineData("seconds", "null")]
    [InlineData("seconds", "[null]")]
    [InlineData("purchases", "{}")]
    [InlineData("url", "7")]
    public async Task A_result_with_a_part_that_is_wrong_is_refused(string member, string value)
    {
        var file = Path.Combine(_folder.Path, "result.json");
        await JsonReport.WriteAsync(file, Reports.Calm());
        var result = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        result[member] = JsonNode.Parse(value);
        await File.WriteAllTextAsync(file, result.ToJsonString());

        await IsRefusedAsync(file, "");
    }

    [Fact]
    public async Task A_baseline_that_can_not_be_read_is_refused()
    {
        await IsRefusedAsync(Path.Combine(_folder.Path, "nothing.json"), "it can't be read");
        await IsRefusedAsync(_folder.Path, "it can't be read");
    }

    [Fact]
    public async Task What_needs_a_page_is_refused_without_one()
    {
        var file = Path.Combine(_folder.Path, "result.json");
        await JsonReport.WriteAsync(file, Reports.Calm());

        Assert.Equal($"--open needs --html{Environment.NewLine}", FirstLine((await InvokeAsync("--open")).Errors));
        Assert.Equal($"--baseline needs --html{Environment.NewLine}", FirstLine((await InvokeAsync("--baseline", file)).Errors));
        Assert.Equal((0, ""), ((await InvokeAsync("--html", "report.html", "--open")) is var (exitCode, _, _, errors) ? (exitCode, errors) : default));
    }

    [Fact]
    public async Task The_page_and_the_JSON_are_not_the_same_file()
    {
        var (exitCode, _, _, errors) = await InvokeAsync("--html", "result", "--json", "./result");

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.Contains("--html and --json", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task The_page_is_opened_and_where_that_fails_a_line_says_so(int openerExitCode)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "what opens a file is a script of the test, which only Linux takes from the PATH");
        var (page, opened, opener) = (Path.Combine(_folder.Path, "report.html"), Path.Combine(_folder.Path, "opened"), Path.Combine(_folder.Path, "xdg-open"));
        await File.WriteAllTextAsync(opener, $"#!/bin/sh\nprintf %s \"$1\" >'{opened}'\nexit {openerExitCode}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(opener, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        await using var shop = await FakeShop.StartAsync();

        await using var program = ChildProcess.Start(
            "ShoppingSystem.LoadTest.dll", new Dictionary<string, string> { ["PATH"] = $"{_folder.Path}:{Environment.GetEnvironmentVariable("PATH")}" },
            "--url", shop.Url.ToString(), "--rate", "50", "--duration", "200ms", "--no-lag", "--html", page, "--open");

        Assert.Equal(0, await program.ExitAsync());
        Assert.Equal(page, await File.ReadAllTextAsync(opened));
        Assert.Contains("--rate 50 --duration 200ms", XDocument.Load(page, LoadOptions.PreserveWhitespace).Root!.Value, StringComparison.Ordinal);
        await Eventually.TrueAsync(
            () => program.Errors.Contains($"{page} could not be opened", StringComparison.Ordinal) == (openerExitCode != 0), "the line is there where it has to be");
    }

    private static string FirstLine(string text) => text[..(text.IndexOf('\n', StringComparison.Ordinal) + 1)];

    private static async Task IsRefusedAsync(string file, string problem)
    {
        var (exitCode, options, _, errors) = await InvokeAsync("--html", "report.html", "--baseline", file);

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.Null(options);
        Assert.StartsWith($"--baseline: {file}: ", errors, StringComparison.Ordinal);
        Assert.Contains(problem, errors, StringComparison.Ordinal);
    }

    private static Task<(int ExitCode, LoadTestOptions? Options, string Output, string Errors)> InvokeAsync(params string[] args) => CommandLineTests.InvokeAsync(args);
}
