using System.Text.RegularExpressions;
using ShoppingSystem.ScalingPlan;
using ShoppingSystem.Tests.Kubernetes;

namespace ShoppingSystem.Tests.ScalingPlan;

/// <summary>
/// <c>docs/scaling.md</c> shows what the commands in it print, and the pictures that they draw. With
/// <c>SHOPPING_TEST_WRITE_SCALING=true</c> both are written anew.
/// </summary>
public sealed partial class ScalingDocumentTests : IDisposable
{
    private static readonly string Document = Path.Combine(Tools.Root, "docs/scaling.md");
    private static readonly bool Write = Environment.GetEnvironmentVariable("SHOPPING_TEST_WRITE_SCALING") == "true";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task What_a_command_prints_and_draws_is_what_stands_below_it()
    {
        var text = (await File.ReadAllTextAsync(Document)).ReplaceLineEndings("\n");
        var shown = Shown().Matches(text);
        Assert.True(shown.Count > 10, $"{shown.Count} commands");

        foreach (Match match in shown)
        {
            var command = match.Groups["arguments"].Value;
            var output = await PlayedAsync(command.Split(' '));
            // Where the table is long, the document has what it comes to.
            var expected = command.StartsWith("--backlog", StringComparison.Ordinal) ? output : output[(output.IndexOf("\n\n", StringComparison.Ordinal) + 2)..];
            if (Write)
            {
                text = text.Replace(match.Value, match.Value[..match.Value.IndexOf("```text", StringComparison.Ordinal)] + $"```text\n{expected}```", StringComparison.Ordinal);
            }
            else
            {
                Assert.Equal(expected, match.Groups["output"].Value);
            }
        }

        if (Write)
        {
            await File.WriteAllTextAsync(Document, text);
        }
    }

    [Fact]
    public void Every_command_of_the_document_shows_its_output() =>
        Assert.Equal(Regex.Count(File.ReadAllText(Document), "dotnet run"), Shown().Count(File.ReadAllText(Document).ReplaceLineEndings("\n")));

    private async Task<string> PlayedAsync(string[] args)
    {
        var svg = Path.Combine(_folder.FullName, "plan.svg");
        string? drawn = null;
        for (var i = 1; i < args.Length; i++)
        {
            if (args[i - 1] is "--svg")
            {
                (drawn, args[i]) = (Path.Combine(Tools.Root, args[i]), svg);
            }
            else if (args[i - 1] is "--load")
            {
                args[i] = Path.Combine(Tools.Root, args[i]);
            }
        }

        string[] run = [.. args, "--settings", Path.Combine(Tools.Deploy, "components/keda/scaling.env")];
        using var output = new StringWriter();
        using var errors = new StringWriter();
        Assert.Equal((0, ""), (await CommandLine.InvokeAsync(run, output, errors), errors.ToString()));
        if (drawn is not null)
        {
            if (Write)
            {
                File.Copy(svg, drawn, overwrite: true);
            }

            Assert.Equal(await File.ReadAllTextAsync(drawn), await File.ReadAllTextAsync(svg));
            Assert.InRange(new FileInfo(drawn).Length, 1, 40 * 1024);
        }

        return TrailingBlanks().Replace(output.ToString().ReplaceLineEndings("\n"), "\n");
    }

    [GeneratedRegex(@"```sh\ndotnet run -c Release --project tools/ShoppingSystem\.ScalingPlan -- (?<arguments>[^\n]+)\n```\n\n```text\n(?<output>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Shown();

    [GeneratedRegex(" +\n")]
    private static partial Regex TrailingBlanks();
}
