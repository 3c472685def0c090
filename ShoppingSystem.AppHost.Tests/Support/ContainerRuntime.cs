using System.ComponentModel;
using System.Diagnostics;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.AppHost.Tests.Support;

/// <summary>Whether containers can be run here, and by what.</summary>
internal static class ContainerRuntime
{
    private static readonly Lazy<string?> Found = new(() => Candidates().FirstOrDefault(runtime => Succeeds(runtime, "container", "ls", "--last", "1")));

    /// <summary>The runtime's command; null where none answers.</summary>
    public static string? Command => Found.Value;

    public static bool Succeeds(string runtime, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(runtime, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static string[] Candidates() =>
        Environment.GetEnvironmentVariable("ASPIRE_CONTAINER_RUNTIME") is { Length: > 0 } configured ? [configured] : ["docker", "podman"];
}

/// <summary>Containers, for the whole cluster.</summary>
internal sealed class Containers : INeed
{
    public static string? WhyNot =>
        AspireIntegrations.WhyNot ?? (ContainerRuntime.Command is null ? "No container runtime (docker, podman) answers here." : null);
}

/// <summary>Aspire's integrations for Kafka, MongoDB and Kubernetes, for what is published.</summary>
internal sealed class AspireIntegrations : INeed
{
    public static string? WhyNot => Infrastructure.WhyNot;
}
