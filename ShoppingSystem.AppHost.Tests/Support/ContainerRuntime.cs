using System.ComponentModel;
using System.Diagnostics;

namespace ShoppingSystem.AppHost.Tests.Support;

/// <summary>Whether containers can be run here, and by what.</summary>
internal static class ContainerRuntime
{
    private static readonly Lazy<string?> Found = new(() => Candidates().FirstOrDefault(runtime => Succeeds(runtime, "container", "ls", "--last", "1")));

    /// <summary>The runtime's command; null where none answers.</summary>
    public static string? Command => Found.Value;

    /// <summary>Why tests that need containers are skipped; null where they run.</summary>
    public static string? WhyNot => Command is null ? "No container runtime (docker, podman) answers here." : null;

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

/// <summary>A test of the whole cluster in containers; skipped where none can be run.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ContainersFactAttribute : FactAttribute
{
    public ContainersFactAttribute() => Skip = Infrastructure.WhyNot ?? ContainerRuntime.WhyNot;
}

/// <summary><see cref="ContainersFactAttribute"/> with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ContainersTheoryAttribute : TheoryAttribute
{
    public ContainersTheoryAttribute() => Skip = Infrastructure.WhyNot ?? ContainerRuntime.WhyNot;
}

/// <summary>A test of what is published; skipped where Aspire's integrations for Kafka, MongoDB and Kubernetes can't be had.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PublishFactAttribute : FactAttribute
{
    public PublishFactAttribute() => Skip = Infrastructure.WhyNot;
}

/// <summary><see cref="PublishFactAttribute"/> with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PublishTheoryAttribute : TheoryAttribute
{
    public PublishTheoryAttribute() => Skip = Infrastructure.WhyNot;
}
