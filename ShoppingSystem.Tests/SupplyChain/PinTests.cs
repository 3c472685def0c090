using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ShoppingSystem.Tests.Kubernetes;

namespace ShoppingSystem.Tests.SupplyChain;

/// <summary>What is built tomorrow from the same commit is built from the same parts.</summary>
public sealed partial class PinTests
{
    [Fact]
    public void Every_package_has_one_exact_version_for_all_projects()
    {
        var central = XDocument.Load(Path.Combine(Tools.Root, "Directory.Packages.props"));

        Assert.Equal("true", central.Descendants("ManagePackageVersionsCentrally").Single().Value);
        Assert.Equal("true", central.Descendants("CentralPackageTransitivePinningEnabled").Single().Value);
        var versions = central.Descendants("PackageVersion").ToDictionary(package => (string)package.Attribute("Include")!, package => (string)package.Attribute("Version")!);
        // A preview, whose number ends with the day of its build. The AppHost alone has it, and that is in no image.
        Assert.EndsWith("-preview.1.*", versions["Aspire.Hosting.Kubernetes"], StringComparison.Ordinal);
        versions.Remove("Aspire.Hosting.Kubernetes");
        Assert.All(versions.Values, version => Assert.Matches(Exact(), version));
        Assert.All(
            Files("*.csproj").Append(Path.Combine(Tools.Root, "Directory.Build.props")).SelectMany(project => XDocument.Load(project).Descendants("PackageReference")),
            reference => Assert.Null(reference.Attribute("Version") ?? reference.Attribute("VersionOverride")));
        Assert.All(
            Files("*.csproj").Select(project => (string?)XDocument.Load(project).Root!.Attribute("Sdk")).Where(sdk => sdk?.Contains('/') is true),
            sdk => Assert.Matches(Exact(), sdk!.Split('/')[1]));
    }

    [Fact]
    public void Every_pinned_package_is_part_of_a_project()
    {
        var pinned = XDocument.Load(Path.Combine(Tools.Root, "Directory.Packages.props")).Descendants("PackageVersion").Select(Name);
        // What projects name, whether or not this gallery has it; and what they got with it, as the last restore wrote it down.
        var named = Files("*.csproj").SelectMany(project => XDocument.Load(project).Descendants("PackageReference")).Select(Name);
        var restored = Files("*.csproj").Select(project => Path.Combine(Path.GetDirectoryName(project)!, "obj/project.assets.json")).Where(File.Exists)
            .SelectMany(assets => JsonNode.Parse(File.ReadAllText(assets))!["libraries"]!.AsObject().Select(library => library.Key.Split('/')[0]));

        Assert.Empty(pinned.Except([.. named, .. restored], StringComparer.OrdinalIgnoreCase));

        static string Name(XElement package) => (string)package.Attribute("Include")!;
    }

    [Fact]
    public void Local_tools_have_exact_versions()
    {
        using var manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(Tools.Root, ".config/dotnet-tools.json")));

        Assert.All(manifest.RootElement.GetProperty("tools").EnumerateObject(), tool => Assert.Matches(Exact(), tool.Value.GetProperty("version").GetString()!));
    }

    [Fact]
    public void Every_npm_package_is_locked_and_its_content_checked()
    {
        var projects = Files("package.json");

        Assert.NotEmpty(projects);
        foreach (var project in projects)
        {
            using var locked = JsonDocument.Parse(File.ReadAllText(Path.Combine(Path.GetDirectoryName(project)!, "package-lock.json")));
            var packages = locked.RootElement.GetProperty("packages").EnumerateObject().Where(package => package.Name.Length > 0).ToList();
            Assert.NotEmpty(packages);
            Assert.All(packages, package => Assert.StartsWith("sha512-", package.Value.GetProperty("integrity").GetString(), StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Every_action_is_pinned_by_its_commit_and_says_which_version_that_is()
    {
        var workflows = Directory.GetFiles(Path.Combine(Tools.Root, ".github/workflows"), "*.yml");
        var actions = workflows.SelectMany(File.ReadLines).Where(line => line.Contains("uses:", StringComparison.Ordinal)).ToList();

        Assert.Contains(actions, action => action.Contains("codeql-action", StringComparison.Ordinal));
        Assert.All(actions, action => Assert.Matches(PinnedAction(), action));
        // A token that can write is given to single jobs.
        Assert.All(workflows, workflow => Assert.Contains("\npermissions:\n  contents: read\n", File.ReadAllText(workflow), StringComparison.Ordinal));
    }

    [Fact]
    public void Images_have_a_version()
    {
        var images = Directory.GetFiles(Path.Combine(Tools.Root, "deploy"), "*.yaml", SearchOption.AllDirectories)
            .Where(file => !file.Contains("node_modules", StringComparison.Ordinal))
            .SelectMany(File.ReadLines).Select(line => Image().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value).ToList();

        Assert.NotEmpty(images);
        Assert.All(images, image => Assert.Matches(VersionedImage(), image));
    }

    [Fact]
    public void Packages_and_actions_are_kept_up_to_date_by_Dependabot()
    {
        var dependabot = Manifest.Parse(File.ReadAllText(Path.Combine(Tools.Root, ".github/dependabot.yml"))).Single();

        var ecosystems = dependabot.Each("updates").Select(update => (update.Text("package-ecosystem"), update.Text("directory"))).ToList();
        Assert.Contains(("nuget", "/"), ecosystems);
        Assert.Contains(("github-actions", "/"), ecosystems);
        Assert.All(Files("package.json"), project => Assert.Contains(("npm", $"/{Path.GetRelativePath(Tools.Root, Path.GetDirectoryName(project)!)}"), ecosystems));
    }

    private static List<string> Files(string pattern) =>
        [.. Directory.GetFiles(Tools.Root, pattern, new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None })
            .Where(file => !NotOurs().IsMatch(Path.GetRelativePath(Tools.Root, file)))];

    [GeneratedRegex(@"^\d+(\.\d+){2,3}(-[a-z0-9.]+)?$")]
    private static partial Regex Exact();

    [GeneratedRegex(@"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")]
    private static partial Regex PinnedAction();

    [GeneratedRegex(@"^\s*(?:- )?image:\s*(\S+)$")]
    private static partial Regex Image();

    // "dev" is what setup.sh replaces by the tag that it deploys.
    [GeneratedRegex(@":(dev|\d[\w.-]*)(@sha256:[0-9a-f]{64})?$")]
    private static partial Regex VersionedImage();

    [GeneratedRegex(@"(^|/)(bin|obj|node_modules|\.git|\.nuget-cache)/")]
    private static partial Regex NotOurs();
}
