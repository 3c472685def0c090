namespace ShoppingSystem.AppHost;

/// <summary>How the services end.</summary>
internal static class Stopping
{
    /// <summary>
    /// On this machine a service stops as soon as it is told to: there is no load balancer that would have to learn of it first.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithoutDraining(this IResourceBuilder<ProjectResource> service) =>
        service.ApplicationBuilder.ExecutionContext.IsRunMode ? service.WithEnvironment("Shutdown__DrainTime", "00:00:00") : service;
}
