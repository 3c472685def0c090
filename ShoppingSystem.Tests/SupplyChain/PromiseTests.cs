using System.Text.RegularExpressions;
using ShoppingSystem.Tests.Kubernetes;

namespace ShoppingSystem.Tests.SupplyChain;

/// <summary>What docs/promises.md and SECURITY.md promise names the tests that hold it; these are there.</summary>
public sealed partial class PromiseTests
{
    private static readonly Lazy<string> Sources = new(() => string.Concat(
        ((string[])["ShoppingSystem.Tests", "ShoppingSystem.AppHost.Tests"])
            .SelectMany(project => Directory.GetFiles(Path.Combine(Tools.Root, project), "*.cs", SearchOption.AllDirectories))
            .Select(File.ReadAllText)));

    [Theory]
    [InlineData("docs/promises.md")]
    [InlineData("SECURITY.md")]
    public void Every_test_that_a_promise_names_exists(string document)
    {
        var promises = File.ReadLines(Path.Combine(Tools.Root, document)).Where(line => line.StartsWith('|') && Test().IsMatch(line)).ToList();

        Assert.True(promises.Count > 10, $"{promises.Count} promises are in {document}");
        Assert.All(
            promises.SelectMany(promise => Test().Matches(promise)).Select(test => test.Groups[1].Value).Distinct(),
            test => Assert.True(Regex.IsMatch(Sources.Value, $@"class {test}\b"), $"{document} names {test}, which does not exist"));
    }

    [GeneratedRegex(@"`(\w+(?:Tests|Contract))`")]
    private static partial Regex Test();
}
