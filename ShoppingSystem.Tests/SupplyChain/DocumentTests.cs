using System.Text.RegularExpressions;
using ShoppingSystem.Tests.Kubernetes;

namespace ShoppingSystem.Tests.SupplyChain;

/// <summary>What the documents point to is there.</summary>
public sealed partial class DocumentTests
{
    public static TheoryData<string> Documents => [.. Directory.EnumerateFiles(Tools.Root, "*.md", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Tools.Root, file).Replace('\\', '/'))
        .Where(file => !file.Split('/').Any(folder => folder is "node_modules" or "bin" or "obj" or "TestResults"))];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Links_to_files_and_headings_resolve(string document)
    {
        var path = Path.Combine(Tools.Root, document);
        foreach (Match link in Link().Matches(File.ReadAllText(path)))
        {
            var (file, heading) = (link.Groups["file"].Value, link.Groups["heading"].Value);
            var target = file.Length == 0 ? path : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, file));
            Assert.True(Path.Exists(target), $"{document} links to {file}, which does not exist");
            Assert.True(heading.Length == 0 || Headings(target).Contains(heading), $"{document} links to {file}#{heading}, and there is no such heading");
        }
    }

    [Fact]
    public void The_design_document_lists_every_project_but_the_benchmarks()
    {
        var map = File.ReadAllText(Path.Combine(Tools.Root, "docs", "design.md"));
        var projects = Project().Matches(File.ReadAllText(Path.Combine(Tools.Root, "ShoppingSystem.sln"))).Select(project => project.Groups["name"].Value).ToList();

        Assert.True(projects.Count > 10, $"{projects.Count} projects");
        Assert.All(projects.Where(project => !project.Contains("Bench", StringComparison.Ordinal)), project => Assert.Matches($@"\b{Regex.Escape(project)}/ ", map));
    }

    // As GitHub makes them.
    private static HashSet<string> Headings(string file) => [.. Heading().Matches(File.ReadAllText(file))
        .Select(heading => NoAnchor().Replace(heading.Groups["text"].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    [GeneratedRegex(@"\]\((?!\w+:)(?<file>[^)#\s]*)(?:#(?<heading>[^)\s]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#{1,6} (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoAnchor();

    [GeneratedRegex(@"= ""(?<name>ShoppingSystem[^""]*)"", ""[^""]*\.csproj""")]
    private static partial Regex Project();
}
