using Microsoft.Extensions.Configuration;

namespace ShoppingSystem.AppHost;

/// <summary>The ports of the services.</summary>
internal static class ServicePorts
{
    /// <summary>The web server's.</summary>
    public const int Shop = 8081;

    /// <summary>The management API's.</summary>
    public const int Management = 8080;

    /// <summary>False in tests, which use any free ports, and when nothing runs locally.</summary>
    public static bool HasFixedPorts(this IDistributedApplicationBuilder builder) =>
        builder.ExecutionContext.IsRunMode && !builder.Configuration.GetValue("DcpPublisher:RandomizePorts", false);

    /// <summary>
    /// A service with one replica listens on its port itself, so that the address it prints is the address to call. Several
    /// replicas have Aspire's proxy in front of them, and ports of their own behind it.
    /// </summary>
    public static bool NeedsProxy(this IDistributedApplicationBuilder builder, int replicas) => replicas > 1 || !builder.HasFixedPorts();

    /// <summary>
    /// A service without https: no certificate is created for it, and the dashboard shows no warnings about an untrusted one.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithHttpOnly(this IResourceBuilder<ProjectResource> service) =>
#pragma warning disable ASPIRECERTIFICATES001 // For evaluation, says Aspire.
        service.WithoutHttpsCertificate();
#pragma warning restore ASPIRECERTIFICATES001
}
