namespace ShoppingSystem.AppHost;

/// <summary>How the services stop.</summary>
internal static class Stopping
{
    /// <summary>On this machine a service stops at once when it is told to: no load balancer has to notice it first.</summary>
    public static IResourceBuilder<ProjectResource> WithoutDraining(this IResourceBuilder<ProjectResource> service) =>
        service.ApplicationBuilder.ExecutionContext.IsRunMode ? service.WithEnvironment("Shutdown__DrainTime", "00:00:00") : service;
}
