using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ShoppingSystem.AppHost.Tests.Support;

/// <summary>The AppHost's application, running; seen as its users see it.</summary>
internal sealed class RunningShop : IAsyncDisposable
{
    // Images may have to be downloaded first.
    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(10);

    private const string ApiKey = "management-api-key";

    private readonly DistributedApplication _app;

    private RunningShop(DistributedApplication app) => _app = app;

    public required HttpClient Shop { get; init; }

    public required HttpClient Management { get; init; }

    public DistributedApplicationModel Model => _app.Services.GetRequiredService<DistributedApplicationModel>();

    /// <summary>Starts the application and waits until its services are healthy.</summary>
    /// <param name="arguments">The AppHost's.</param>
    /// <param name="shop">The resource and endpoint that sells.</param>
    /// <param name="management">The resource and endpoint that knows what was bought.</param>
    /// <param name="change">What is different in the test.</param>
    public static async Task<RunningShop> StartAsync(
        string[] arguments, (string Resource, string Endpoint) shop, (string Resource, string Endpoint) management,
        Action<IDistributedApplicationTestingBuilder> change)
    {
        using var timeout = new CancellationTokenSource(StartTime);
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.ShoppingSystem_AppHost>(arguments, timeout.Token);
        builder.Configuration["Logging:LogLevel:Default"] = "Warning";
        change(builder);
        var app = await builder.BuildAsync(timeout.Token);
        try
        {
            await app.StartAsync(timeout.Token);
            foreach (var resource in new HashSet<string> { shop.Resource, management.Resource })
            {
                await app.ResourceNotifications.WaitForResourceHealthyAsync(resource, timeout.Token);
            }

            var running = new RunningShop(app)
            {
                Shop = app.CreateHttpClient(shop.Resource, shop.Endpoint),
                Management = app.CreateHttpClient(management.Resource, management.Endpoint),
            };
            if (running.Model.Resources.OfType<ParameterResource>().SingleOrDefault(parameter => parameter.Name == ApiKey) is not null)
            {
                running.Management.DefaultRequestHeaders.Add("X-API-Key", await running.ApiKeyAsync());
            }

            return running;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public IEnumerable<string> Names => Model.Resources.Select(resource => resource.Name)
        .Where(name => !name.StartsWith("aspire-", StringComparison.Ordinal) && !name.EndsWith("-rebuilder", StringComparison.Ordinal));

    public async Task<string> ApiKeyAsync() =>
        (await Model.Resources.OfType<ParameterResource>().Single(parameter => parameter.Name == ApiKey).GetValueAsync(CancellationToken.None))!;

    public ValueTask<string?> ConnectionStringAsync(string resource) => _app.GetConnectionStringAsync(resource);

    /// <summary>The links that the dashboard shows for a resource.</summary>
    public IReadOnlyList<(string Text, Uri Address)> Links(string resource)
    {
        Assert.True(_app.ResourceNotifications.TryGetCurrentState(resource, out var state));
        return [.. state.Snapshot.Urls.Select(url => (url.DisplayProperties.DisplayName, new Uri(url.Url)))];
    }

    /// <summary>Does what a click on a command in the dashboard does.</summary>
    public Task<ExecuteCommandResult> ExecuteAsync(string resource, string command) =>
        _app.Services.GetRequiredService<ResourceCommandService>().ExecuteCommandAsync(resource, command);

    public Task<ResourceEvent> WaitForStateAsync(string resource, params string[] states)
    {
        using var timeout = new CancellationTokenSource(StartTime);
        return _app.ResourceNotifications.WaitForResourceAsync(resource, change => states.Contains(change.Snapshot.State?.Text), timeout.Token);
    }

    /// <summary>What a resource has printed so far.</summary>
    public async Task<IReadOnlyList<string>> LogAsync(string resource)
    {
        var lines = new List<string>();
        Assert.True(_app.ResourceNotifications.TryGetCurrentState(resource, out var state));
        await foreach (var batch in _app.Services.GetRequiredService<ResourceLoggerService>().GetAllAsync(state.ResourceId))
        {
            lines.AddRange(batch.Select(line => line.Content));
        }

        return lines;
    }

    /// <summary>The state of each replica of a resource, once all are healthy.</summary>
    public async Task<IReadOnlyList<CustomResourceSnapshot>> HealthyReplicasAsync(string resource, int replicas)
    {
        using var timeout = new CancellationTokenSource(StartTime);
        var states = new Dictionary<string, CustomResourceSnapshot>();
        await foreach (var change in _app.ResourceNotifications.WatchAsync(timeout.Token))
        {
            if (change.Resource.Name == resource)
            {
                states[change.ResourceId] = change.Snapshot;
                if (states.Count(state => state.Value.HealthStatus is HealthStatus.Healthy) == replicas)
                {
                    break;
                }
            }
        }

        return [.. states.Values.Where(state => state.HealthStatus is HealthStatus.Healthy)];
    }

    /// <summary>Stops a resource, as its command in the dashboard does.</summary>
    public async Task StopAsync(string resource)
    {
        var result = await ExecuteAsync(resource, KnownResourceCommands.StopCommand);
        Assert.True(result.Success, result.Message);
        await WaitForStateAsync(resource, [.. KnownResourceStates.TerminalStates]);
    }

    // That it has ended may be noticed after the command to start it again, and is no reason to give up.

    /// <summary>Starts a resource again and waits until it is healthy.</summary>
    public async Task StartAsync(string resource)
    {
        using var timeout = new CancellationTokenSource(StartTime);
        var result = await ExecuteAsync(resource, KnownResourceCommands.StartCommand);
        Assert.True(result.Success, result.Message);
        await _app.ResourceNotifications.WaitForResourceHealthyAsync(resource, WaitBehavior.WaitOnResourceUnavailable, timeout.Token);
    }

    /// <summary>Restarts a resource and waits until it is healthy again.</summary>
    public async Task RestartAsync(string resource)
    {
        using var timeout = new CancellationTokenSource(StartTime);
        var result = await ExecuteAsync(resource, KnownResourceCommands.RestartCommand);
        Assert.True(result.Success, result.Message);
        await _app.ResourceNotifications.WaitForResourceHealthyAsync(resource, WaitBehavior.WaitOnResourceUnavailable, timeout.Token);
    }

    public async ValueTask DisposeAsync()
    {
        Shop.Dispose();
        Management.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
