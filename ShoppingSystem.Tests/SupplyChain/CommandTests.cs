using System.Text.RegularExpressions;
using ShoppingSystem.LoadTest;
using ShoppingSystem.Tests.Kubernetes;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.SupplyChain;

/// <summary>
/// The commands in the documents: those that can run here are run, of the others scripts, projects and options are looked up. What the
/// scripts of <c>deploy</c> do is in <see cref="ScriptTests"/>.
/// </summary>
public sealed partial class CommandTests
{
    public static TheoryData<string> Documents => DocumentTests.Documents;

    [Fact]
    public void The_README_can_be_read_in_ten_minutes() => Assert.InRange(File.ReadAllLines(Path.Combine(Tools.Root, "README.md")).Length, 50, 180);

    [NeedsFact<Both<Curl, Bash>>]
    public async Task The_requests_of_the_README_get_the_replies_that_it_shows()
    {
        var requests = Request().Matches(File.ReadAllText(Path.Combine(Tools.Root, "README.md")));
        Assert.Equal(3, requests.Count);

        var directory = StandaloneProcess.NewDataDirectory();
        try
        {
            await using var standalone = await StandaloneProcess.StartAsync(directory);
            foreach (Match request in requests)
            {
                var command = request.Groups["command"].Value
                    .Replace("localhost:8081", standalone.Shop.BaseAddress!.Authority, StringComparison.Ordinal)
                    .Replace("localhost:8080", standalone.Management.BaseAddress!.Authority, StringComparison.Ordinal);
                var reply = await Tools.RunAsync("bash", ["-c", command.Replace("curl ", "curl --silent --show-error --noproxy '*' ", StringComparison.Ordinal)]);

                Assert.Equal(0, reply.ExitCode);
                Assert.Equal(Shape(request.Groups["reply"].Value), Shape(reply.Output.Trim()));
                await standalone.Management.UntilRecordedAsync("123", 1);
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Scripts_and_options_named_in_documents_exist(string document)
    {
        foreach (Match command in ScriptCommand().Matches(Unbroken(document)))
        {
            var script = Path.Combine(Tools.Root, command.Groups["script"].Value);
            Assert.True(File.Exists(script), $"{document} names {command.Groups["script"].Value}, which does not exist");

            // What follows "--" is for the program that the script starts.
            var own = Regex.Split(command.Groups["arguments"].Value, @"\s--(?=\s|$)")[0];
            var text = File.ReadAllText(script);
            var taken = text.Contains("\noptions ", StringComparison.Ordinal)
                ? Regex.Match(text, @"^options (?<names>[a-z0-9 -]+?) -- ""\$@""", RegexOptions.Multiline).Groups["names"].Value.Split(' ').Select(name => $"--{name}").ToList()
                : [.. Option().Matches(text).Select(option => option.Value)];
            Assert.All(
                Option().Matches(own).Select(option => option.Value).Where(option => option != "--help" && Path.GetFileName(script) != "test.sh"),
                option => Assert.True(taken.Contains(option), $"{document}: {command.Value.Trim()}: there is no option {option}"));
        }
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Projects_named_in_documents_exist(string document) => Assert.All(
        ProjectCommand().Matches(Unbroken(document)).Select(command => command.Groups["project"].Value),
        project => Assert.NotEmpty(Directory.GetFiles(Path.Combine(Tools.Root, project), "*.csproj")));

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task Load_test_commands_in_documents_are_valid(string document)
    {
        var commands = LoadTestCommand().Matches(Unbroken(document)).Select(command => command.Groups["arguments"].Value).ToList();
        if (document == "docs/load-testing.md")
        {
            // Its table has what to add, by itself.
            commands.AddRange(File.ReadLines(Path.Combine(Tools.Root, document)).Where(line => line.StartsWith("| ", StringComparison.Ordinal))
                .SelectMany(row => AddedOptions().Matches(row)).Select(added => added.Groups["arguments"].Value).Where(added => added.Contains(' ')));
            Assert.True(commands.Count > 4, $"{commands.Count} load tests");
        }

        var written = new HashSet<string>();
        foreach (var command in commands.Where(command => command.Trim() != "--help"))
        {
            // What only goes with the option before it in the same row.
            var arguments = command.StartsWith("--max-lag", StringComparison.Ordinal) ? $"--rate max {command}" : command;

            // A file that a command before this one writes is not there, as none is run.
            arguments = BaselineFile().Replace(arguments, file => written.Contains(file.Groups["file"].Value) ? "" : file.Value);
            written.UnionWith(JsonFile().Matches(arguments).Select(file => file.Groups["file"].Value));
            using var errors = new StringWriter();
            var exitCode = await CommandLine.InvokeAsync(
                arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), _ => Task.FromResult(0), TextWriter.Null, errors);
            Assert.True(exitCode == 0, $"{document}: {command}: {errors}");
        }
    }

    [Theory]
    [InlineData("bench")]
    [InlineData("tools")]
    public void The_guide_names_every_script_and_project(string folder)
    {
        var guide = File.ReadAllText(Path.Combine(Tools.Root, folder, "README.md"));
        var names = Directory.GetFiles(Path.Combine(Tools.Root, folder)).Select(file => Path.GetFileName(file)!).Where(name => name != "README.md")
            .Concat(Directory.GetDirectories(Path.Combine(Tools.Root, folder)).Select(project => $"{Path.GetFileName(project)}/")).ToList();

        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Contains($"`{name}`", guide, StringComparison.Ordinal));
    }

    // Lines that end in a backslash go on in the next one.
    private static string Unbroken(string document) => Regex.Replace(File.ReadAllText(Path.Combine(Tools.Root, document)), @"\\\r?\n\s*", " ");

    // Ids and times are others each time.
    private static string Shape(string reply) => Timestamp().Replace(Id().Replace(reply, "\"id\":ID"), "\"timestamp\":TIME");

    [GeneratedRegex(@"^\$ (?<command>curl (?:[^\n]*\\\n)*[^\n]*)\n(?<reply>[^\n]+)$", RegexOptions.Multiline)]
    private static partial Regex Request();

    [GeneratedRegex("\"id\":\"[0-9a-f]{8}-[^\"]*\"")]
    private static partial Regex Id();

    [GeneratedRegex(@"""timestamp"":\d{10}\.\d{6}(?!\d)")]
    private static partial Regex Timestamp();

    // As a command: at the start of a line or of code, variables before it; up to the end of the code, a pipe or a comment.
    [GeneratedRegex(@"(?:^|`)(?:[A-Z_]+=\S+ )*\s*(?<script>\./test\.sh|(?:deploy|bench|tools)/[\w-]+\.sh)(?<arguments>[^`\n|#]*)", RegexOptions.Multiline)]
    private static partial Regex ScriptCommand();

    [GeneratedRegex(@"(?<![\w-])--[a-z0-9][a-z0-9-]*")]
    private static partial Regex Option();

    [GeneratedRegex(@"(?:dotnet run [^`\n]*)--project (?<project>\S+?)(?=[\s`])")]
    private static partial Regex ProjectCommand();

    [GeneratedRegex(@"--project tools/ShoppingSystem\.LoadTest -- (?<arguments>[^`\n]+)")]
    private static partial Regex LoadTestCommand();

    [GeneratedRegex(@"--baseline (?<file>\S+)")]
    private static partial Regex BaselineFile();

    [GeneratedRegex(@"--json (?<file>\S+)")]
    private static partial Regex JsonFile();

    [GeneratedRegex(@"`(?<arguments>--[^`]+)`")]
    private static partial Regex AddedOptions();
}
