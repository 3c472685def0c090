using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace ShoppingSystem.Tests.Support;

/// <summary>
/// A program of this build in a process of its own, and what it prints. On Linux it ends with this process, even when this
/// one is killed; elsewhere it may stay.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    public const int Sigint = 2;
    public const int Sigterm = 15;

    /// <summary>How long a busy machine may take to start it or to end it.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    // The kernel kills a child when the thread that started it ends: so one that never ends starts all of them.
    private static readonly BlockingCollection<(Process Process, TaskCompletionSource Started)> Starts = [];
    // It hears SIGINT even if this one does not, as programs do not that a shell runs in the background.
    private static readonly string[] Tied =
        File.Exists("/usr/bin/setpriv") ? ["/usr/bin/setpriv", "--pdeathsig", "KILL", "/usr/bin/env", "--default-signal=INT"] : [];

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();

    static ChildProcess() => new Thread(StartAll) { IsBackground = true }.Start();

    private ChildProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>What it takes of the machine's memory (bytes).</summary>
    public long WorkingSet
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>What it has printed so far, both streams.</summary>
    public string Output => Read(_output);

    /// <summary>What it has printed so far to the error stream.</summary>
    public string Errors => Read(_errors);

    /// <param name="program">The assembly: its path, or its name when it lies beside this one.</param>
    /// <param name="arguments">The arguments.</param>
    public static ChildProcess Start(string program, params string[] arguments) => Start(program, [], arguments);

    /// <summary>The same with these environment variables.</summary>
    public static ChildProcess Start(string program, Dictionary<string, string> environment, params string[] arguments) =>
        Start(program, environment, null, arguments);

    /// <summary>
    /// The same from this folder (from the program's own when null), with its streams redirected as a shell has it (<c>&gt;&amp;-</c>).
    /// </summary>
    public static ChildProcess Start(
        string program, Dictionary<string, string> environment, string? workingDirectory, string[] arguments, string? redirection = null)
    {
        var path = Path.Combine(Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location)!, program);
        string[] shell = redirection is null ? [] : ["/bin/sh", "-c", $"exec \"$@\" {redirection}", "sh"];
        return Start([.. shell, "dotnet", path, .. arguments], environment, workingDirectory ?? Path.GetDirectoryName(path)!);
    }

    /// <summary>A program of the system's: its path, and its arguments.</summary>
    public static ChildProcess StartOther(string workingDirectory, params string[] command) => Start(command, [], workingDirectory);

    private static ChildProcess Start(string[] program, Dictionary<string, string> environment, string workingDirectory)
    {
        string[] command = [.. Tied, .. program];
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(command[0], command[1..])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = workingDirectory,
            },
        };
        foreach (var (name, value) in environment)
        {
            process.StartInfo.Environment[name] = value;
        }

        var child = new ChildProcess(process);
        process.OutputDataReceived += (_, line) => child.Keep(line.Data, isError: false);
        process.ErrorDataReceived += (_, line) => child.Keep(line.Data, isError: true);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Starts.Add((process, started));
        started.Task.GetAwaiter().GetResult();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Types a line.</summary>
    public async Task WriteLineAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>SIGKILL: it has no chance to finish anything.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, as an orchestrator stops it, or another signal.</summary>
    public void Signal(int signal = Sigterm) => _ = Kill(_process.Id, signal);

    /// <summary>Waits until it has ended; answers with the exit code.</summary>
    public async Task<int> ExitAsync()
    {
        using var timeout = new CancellationTokenSource(Timeout);
        await _process.WaitForExitAsync(timeout.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private static void StartAll()
    {
        foreach (var (process, started) in Starts.GetConsumingEnumerable())
        {
            try
            {
                process.Start();
                started.SetResult();
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        }
    }

    private string Read(StringBuilder text)
    {
        lock (_output)
        {
            return text.ToString();
        }
    }

    private void Keep(string? line, bool isError)
    {
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
            if (isError)
            {
                _errors.AppendLine(line);
            }
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
