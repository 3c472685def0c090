using System.Diagnostics;

namespace ShoppingSystem.AppHost;

internal static partial class Infrastructure
{
    /// <summary>Whether this AppHost was built with Aspire's integrations for Kafka, MongoDB and Kubernetes.</summary>
    public static bool CanBeContainers => false;

    /// <summary>Why Kafka and MongoDB can't be containers.</summary>
    public static string WhyNot => "this AppHost was built without Aspire's integrations for Kafka, MongoDB and Kubernetes (WithoutAspireIntegrations)";

    public static IResourceBuilder<IResourceWithConnectionString> AddKafkaContainer(this IDistributedApplicationBuilder builder, Kubernetes? kubernetes) =>
        throw new UnreachableException($"{builder}, {kubernetes}: {WhyNot}.");

    public static IResourceBuilder<IResourceWithConnectionString> AddMongoDBContainer(this IDistributedApplicationBuilder builder, Kubernetes? kubernetes) =>
        throw new UnreachableException($"{builder}, {kubernetes}: {WhyNot}.");
}

/// <summary>Nothing is published without Aspire's integration for Kubernetes.</summary>
internal sealed record Kubernetes;

internal static class KubernetesExtensions
{
    public static Kubernetes? AddKubernetes(this IDistributedApplicationBuilder builder) =>
        builder.ExecutionContext.IsPublishMode ? throw new UnreachableException(Infrastructure.WhyNot) : null;

    public static IResourceBuilder<ProjectResource> OnKubernetesByCpu(this IResourceBuilder<ProjectResource> service, Kubernetes? _) => service;

    public static IResourceBuilder<ProjectResource> OnKubernetesByLag(this IResourceBuilder<ProjectResource> service, Kubernetes? _) => service;
}
