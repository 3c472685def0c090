using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;

namespace ShoppingSystem.AppHost;

/// <summary>Additions to the dashboard: named links, and commands.</summary>
internal static class Dashboard
{
    private static readonly string[] Items = ["tea", "a tea pot", "two cups", "honey", "a good book"];

    /// <summary>Names the link to an endpoint's page, and adds one to its API docs.</summary>
    public static IResourceBuilder<ProjectResource> WithLinks(this IResourceBuilder<ProjectResource> service, string endpoint, string page) => service
        .WithUrlForEndpoint(endpoint, url => url.DisplayText = page)
        .WithUrlForEndpoint(endpoint, _ => new ResourceUrlAnnotation { Url = "/docs", DisplayText = "API docs" });

    /// <summary>
    /// Adds "Buy something" and "Generate load" to the service that sells at <paramref name="endpoint"/>. The load generator
    /// produces the load; its console log shows the result and whether each purchase was recorded exactly once.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithShopCommands(this IResourceBuilder<ProjectResource> service, string endpoint)
    {
        var loadTest = service.ApplicationBuilder.AddProject<Projects.ShoppingSystem_LoadTest>("load-test", launchProfileName: null)
            .WithHttpOnly()
            .WithArgs("--url", service.GetEndpoint(endpoint), "--rate", "200", "--duration", "30s", "--verify")
            .WithParentRelationship(service)
            .WithExplicitStart()
            .ExcludeFromManifest();

        return service
            .WithHttpCommand("/api/v1/buy", "Buy something", endpointName: endpoint, commandName: "buy-something", commandOptions: new HttpCommandOptions
            {
                Description = "One purchase of a customer called demo",
                IconName = "ShoppingBag",
                IsHighlighted = true,
                PrepareRequest = request =>
                {
                    request.Request.Content = JsonContent.Create(Something());
                    return Task.CompletedTask;
                },
                GetCommandResult = async reply => reply.Response.IsSuccessStatusCode
                    ? CommandResults.Success("Bought. Look at the history of the user demo.", await reply.Response.Content.ReadAsStringAsync(reply.CancellationToken), CommandResultFormat.Json)
                    : CommandResults.Failure($"The shop answered {(int)reply.Response.StatusCode}: {await reply.Response.Content.ReadAsStringAsync(reply.CancellationToken)}"),
            })
            .WithCommand(
                "generate-load", "Generate load",
                command => command.Services.GetRequiredService<ResourceCommandService>()
                    .ExecuteCommandAsync(loadTest.Resource, KnownResourceCommands.StartCommand, command.CancellationToken),
                new CommandOptions
                {
                    Description = "200 purchases a second for 30 seconds; then proof that none was lost, in the console log of load-test",
                    IconName = "TopSpeed",
                    UpdateState = service => service.ResourceSnapshot.State?.Text == KnownResourceStates.Running
                        ? ResourceCommandState.Enabled
                        : ResourceCommandState.Disabled,
                });
    }

    private static JsonObject Something() => new()
    {
        ["username"] = "Demo",
        ["userid"] = "demo",
        ["price"] = Random.Shared.Next(100, 10_000) / 100m,
        ["item"] = Random.Shared.GetItems(Items, 1)[0],
    };
}
