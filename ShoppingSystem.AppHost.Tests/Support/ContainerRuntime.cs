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

/// <summary>A test of the whole cluster; skipped where no containers can be run.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ClusterFactAttribute : FactAttribute
{
    public ClusterFactAttribute() => Skip = ContainerRuntime.WhyNot;
}

/// <summary><see cref="ClusterFactAttribute"/> with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ClusterTheoryAttribute : TheoryAttribute
{
    public ClusterTheoryAttribute() => Skip = ContainerRuntime.WhyNot;
}
