using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using ShoppingSystem.AppHost.Tests.Support;

namespace ShoppingSystem.AppHost.Tests.Embedded;

/// <summary>The embedded edition, running, on data of its own.</summary>
public sealed class EmbeddedShop : IAsyncLifetime
{
    private readonly string _data = Directory.CreateTempSubdirectory("shopping-test-").FullName;

    internal RunningShop Shop { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Shop = await RunningShop.StartAsync(
        ["--embedded"], ("standalone", "shop"), ("standalone", "management"),
        builder => builder.CreateResourceBuilder(builder.Resources.OfType<ProjectResource>().Single(project => project.Name == "standalone"))
            .WithEnvironment("Shopping__DataDirectory", _data));

    public async ValueTask DisposeAsync()
    {
        await Shop.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }
}
