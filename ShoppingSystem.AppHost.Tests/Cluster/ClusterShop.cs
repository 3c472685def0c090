using Aspire.Hosting.ApplicationModel;
using ShoppingSystem.AppHost.Tests.Support;

namespace ShoppingSystem.AppHost.Tests.Cluster;

/// <summary>The whole cluster, on volumes of its own; started when the first test asks for it.</summary>
public sealed class ClusterShop : IAsyncLifetime
{
    private readonly string _volumes = $"shopping-test-{Guid.NewGuid():N}";
    private readonly List<string> _made = [];
    private Task<RunningShop>? _shop;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    internal Task<RunningShop> StartedAsync() => _shop ??= RunningShop.StartAsync(
        [], ("web-server", "http"), ("management-api", "http"),
        builder =>
        {
            foreach (var resource in builder.Resources)
            {
                foreach (var mount in resource.Annotations.OfType<ContainerMountAnnotation>().Where(mount => mount.Type is ContainerMountType.Volume).ToList())
                {
                    var name = $"{_volumes}-{resource.Name}";
                    resource.Annotations.Remove(mount);
                    resource.Annotations.Add(new ContainerMountAnnotation(name, mount.Target, mount.Type, mount.IsReadOnly));
                    _made.Add(name);
                }
            }
        });

    public async ValueTask DisposeAsync()
    {
        if (_shop is { IsCompletedSuccessfully: true })
        {
            await (await _shop).DisposeAsync();
        }

        if (_made.Count > 0)
        {
            ContainerRuntime.Succeeds(ContainerRuntime.Command!, ["volume", "rm", "--force", .. _made]);
        }
    }
}

[CollectionDefinition(Name)]
public sealed class ClusterTestGroup : ICollectionFixture<ClusterShop>
{
    public const string Name = "cluster";
}
