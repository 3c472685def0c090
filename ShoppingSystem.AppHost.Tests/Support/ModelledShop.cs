using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace ShoppingSystem.AppHost.Tests.Support;

/// <summary>The application model as the AppHost's Program describes it; nothing is started.</summary>
internal sealed class ModelledShop : IAsyncDisposable
{
    private readonly DistributedApplication _app;
    private readonly IResourceCollection _resources;

    private ModelledShop(DistributedApplication app)
    {
        _app = app;
        _resources = app.Services.GetRequiredService<DistributedApplicationModel>().Resources;
    }

    /// <summary>The cluster, as it is published; that needs no container runtime.</summary>
    public static Task<ModelledShop> ToPublishAsync(params string[] arguments) => FromAsync(["--publisher", "manifest", .. arguments]);

    public static async Task<ModelledShop> FromAsync(params string[] arguments)
    {
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.ShoppingSystem_AppHost>(arguments);
        return new(await builder.BuildAsync());
    }

    public IEnumerable<string> Names => _resources.Select(resource => resource.Name);

    public IResource this[string name] => _resources.Single(resource => resource.Name == name);

    public T Resource<T>(string name) where T : IResource => Assert.IsAssignableFrom<T>(this[name]);

    /// <summary>Environment variables as the manifest has them: values, or expressions in braces.</summary>
    public async Task<Dictionary<string, string>> EnvironmentAsync(string name)
    {
        var configuration = await ExecutionConfigurationBuilder.Create(this[name]).WithEnvironmentVariablesConfig()
            .BuildAsync(_app.Services.GetRequiredService<DistributedApplicationExecutionContext>());
        return configuration.EnvironmentVariables.ToDictionary();
    }

    /// <summary>Whose health it waits for before it starts.</summary>
    public IEnumerable<string> WaitsFor(string name) => this[name].Annotations.OfType<WaitAnnotation>()
        .Where(wait => wait.WaitType is WaitType.WaitUntilHealthy)
        .Select(wait => wait.Resource.Name)
        .Order();

    public EndpointAnnotation Endpoint(string name, string endpoint) =>
        this[name].Annotations.OfType<EndpointAnnotation>().Single(annotation => annotation.Name == endpoint);

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
