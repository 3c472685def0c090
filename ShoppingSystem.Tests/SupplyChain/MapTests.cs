using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;
using ShoppingSystem.Tests.Kubernetes;

namespace ShoppingSystem.Tests.SupplyChain;

/// <summary>What docs/design.md says of modules, adapters and hosts is so: by what their projects refer to, and by what hosts define.</summary>
public sealed class MapTests
{
    private const string Domain = "ShoppingSystem.Purchases";

    public static TheoryData<string> Modules => [.. ProjectsOf("modules")];

    public static TheoryData<string> Adapters => [.. ProjectsOf("adapters")];

    public static TheoryData<string> Hosts => ["ShoppingSystem.WebServer", "ShoppingSystem.ManagementApi", "ShoppingSystem.Standalone"];

    /// <summary>Neither another module nor an adapter nor a host, and no package that an adapter is made of.</summary>
    [Theory]
    [MemberData(nameof(Modules))]
    public void A_module_knows_the_domain_and_no_infrastructure(string module)
    {
        Assert.Equal(module == Domain ? [] : [Domain], References("modules", module, "ProjectReference"));

        var infrastructure = ProjectsOf("adapters").SelectMany(adapter => References("adapters", adapter, "PackageReference")).ToList();
        Assert.Contains("Confluent.Kafka", infrastructure);
        Assert.Empty(References("modules", module, "PackageReference").Intersect(infrastructure));
    }

    /// <summary>Neither another adapter nor a module that does something.</summary>
    [Theory]
    [MemberData(nameof(Adapters))]
    public void An_adapter_knows_the_domain_alone(string adapter) => Assert.Equal([Domain], References("adapters", adapter, "ProjectReference"));

    /// <summary>
    /// Beside its Program a host has settings, and static classes that read, choose and add. An object that holds a state, or that
    /// implements something, is a module's or an adapter's.
    /// </summary>
    [Theory]
    [MemberData(nameof(Hosts))]
    public void A_host_has_its_program_its_settings_and_static_classes(string host)
    {
        using var file = new PEReader(File.OpenRead(Built(host)));
        var metadata = file.GetMetadataReader();
        var types = metadata.TypeDefinitions.Select(metadata.GetTypeDefinition)
            // Without what the compiler and its generators add.
            .Where(type => !metadata.GetString(type.Name).Contains('<', StringComparison.Ordinal) && IsOurs(metadata, type)).ToList();

        Assert.Contains(types, type => metadata.GetString(type.Name) is "Program");
        Assert.All(types, type => Assert.True(
            metadata.GetString(type.Name) is "Program" || type.Attributes.HasFlag(TypeAttributes.Abstract | TypeAttributes.Sealed)
                || metadata.GetString(type.Name).EndsWith("Options", StringComparison.Ordinal),
            $"{metadata.GetString(type.Name)} is more than a setting or a static class"));
    }

    // Types within a type belong to it.
    private static bool IsOurs(MetadataReader metadata, TypeDefinition type) =>
        !type.IsNested && (type.Namespace.IsNil || metadata.GetString(type.Namespace).StartsWith("ShoppingSystem", StringComparison.Ordinal));

    // These tests and the host have the same end: .../PROJECT/bin/Release/net10.0/.
    private static string Built(string host) =>
        Path.Combine(Tools.Root, host, Path.GetRelativePath(Path.Combine(Tools.Root, "ShoppingSystem.Tests"), AppContext.BaseDirectory), $"{host}.dll");

    private static IEnumerable<string> ProjectsOf(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Tools.Root, folder), "*.csproj", SearchOption.AllDirectories).Select(file => Path.GetFileNameWithoutExtension(file)).Order();

    private static List<string> References(string folder, string project, string kind) =>
        [.. XDocument.Load(Path.Combine(Tools.Root, folder, project, $"{project}.csproj")).Descendants(kind)
            .Select(reference => (string)reference.Attribute("Include")!)
            .Select(reference => reference.EndsWith(".csproj", StringComparison.Ordinal) ? Path.GetFileNameWithoutExtension(reference) : reference)];
}
