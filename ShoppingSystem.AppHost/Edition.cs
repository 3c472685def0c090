using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ShoppingSystem.AppHost;

/// <summary>Which shop is modelled: the cluster, or the embedded one, which needs no containers.</summary>
internal static partial class Edition
{
    private const string Switch = "--embedded";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// True with <c>--embedded</c>, and when no container runtime answers: with containers that can't start the cluster would
    /// wait for ever. What is published is always the cluster.
    /// </summary>
    public static async Task<bool> IsEmbeddedAsync(IDistributedApplicationBuilder builder, string[] args)
    {
        if (builder.ExecutionContext.IsPublishMode)
        {
            return false;
        }

        if (args.Contains(Switch))
        {
            return true;
        }

        string[] runtimes = builder.Configuration["ASPIRE_CONTAINER_RUNTIME"] is { Length: > 0 } configured ? [configured] : ["docker", "podman"];
        foreach (var runtime in runtimes)
        {
            if (await AnswersAsync(runtime))
            {
                return false;
            }
        }

        builder.Eventing.Subscribe<BeforeStartEvent>((starting, _) =>
        {
            LogNoContainers(starting.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Edition)), string.Join(" nor ", runtimes));
            return Task.CompletedTask;
        });
        return true;
    }

    private static async Task<bool> AnswersAsync(string runtime)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            using var process = Process.Start(new ProcessStartInfo(runtime, ["container", "ls", "--last", "1"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            try
            {
                await process.WaitForExitAsync(patience.Token);
                return process.ExitCode == 0;
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                return false;
            }
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "No container runtime answers (neither {Runtimes}): this is the embedded edition, without Kafka and MongoDB")]
    private static partial void LogNoContainers(ILogger logger, string runtimes);
}
