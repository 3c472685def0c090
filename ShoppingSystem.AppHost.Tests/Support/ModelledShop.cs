using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

namespace ShoppingSystem.AppHost.Tests.Support;

/// <summary>The application model as the AppHost's Program describes it; nothing is started.</summary>
internal sealed class ModelledShop : IAsyncDisposable
{
    private readonly IDistributedApplicationTestingBuilder _builder;

    private ModelledShop(IDistributedApplicationTestingBuilder builder) => _builder = builder;

    /// <summary>The cluster, as it is published; that needs no container runtime.</summary>
    public static Task<ModelledShop> ToPublishAsync(params string[] arguments) => FromAsync(["--publisher", "manifest", .. arguments]);

    public static async Task<ModelledShop> FromAsync(params string[] arguments) =>
        new(await DistributedApplicationTestingBuilder.CreateAsync<Projects.ShoppingSystem_AppHost>(arguments));

    public IEnumerable<string> Names => _builder.Resources.Select(resource => resource.Name);

    public IResource this[string name] => _builder.Resources.Single(resource => resource.Name == name);

    public T Resource<T>(string name) where T : IResource => Assert.IsAssignableFrom<T>(this[name]);

    /// <summary>Environment variables as the manifest has them: values, or expressions in braces.</summary>
    public async Task<Dictionary<string, string>> EnvironmentAsync(string name)
    {
        var configuration = await ExecutionConfigurationBuilder.Create(this[name]).WithEnvironmentVariablesConfig().BuildAsync(_builder.ExecutionContext);
        return configuration.EnvironmentVariables.ToDictionary();
    }

    public IReadOnlyList<string> WaitsFor(string name) =>
        [.. this[name].Annotations.OfType<WaitAnnotation>().Where(wait => wait.WaitType is WaitType.WaitUntilHealthy).Select(wait => wait.Resource.Name)];

    public EndpointAnnotation Endpoint(string name, string endpoint) =>
        this[name].Annotations.OfType<EndpointAnnotation>().Single(annotation => annotation.Name == endpoint);

    public ValueTask DisposeAsync() => _builder.DisposeAsync();
}
