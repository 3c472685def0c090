using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ShoppingSystem.AppHost;

/// <summary>The edition of the shop in the model: the cluster, or the embedded one, which needs neither Kafka nor MongoDB.</summary>
internal sealed partial class Edition(bool isEmbedded, string? refusal = null)
{
    private const string EmbeddedSwitch = "--embedded";
    private static readonly TimeSpan RuntimeTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Whether it is the embedded one.</summary>
    public bool IsEmbedded => isEmbedded;

    /// <summary>Why the shop can't be started, in one line; null when it can.</summary>
    public string? Refusal => refusal;

    /// <summary>
    /// Chooses the embedded edition with <c>--embedded</c>, and when there are neither connection strings for Kafka and MongoDB
    /// nor a way to run containers: the cluster would wait for ever for containers that can't start. Publishing always uses the
    /// cluster, with containers.
    /// </summary>
    public static async Task<Edition> ChooseAsync(IDistributedApplicationBuilder builder, string[] args)
    {
        if (builder.ExecutionContext.IsPublishMode)
        {
            return new(isEmbedded: false, Infrastructure.CanBeContainers ? null : Infrastructure.WhyNot);
        }

        var takenPort = builder.HasFixedPorts() ? Array.Find([ServicePorts.Shop, ServicePorts.Management], IsTaken) : 0;
        var refusal = takenPort is 0 ? null : $"Port {takenPort} is taken by another program: end it, or the shop's links would lead there.";
        if (args.Contains(EmbeddedSwitch))
        {
            return new(isEmbedded: true, refusal);
        }

        string[] missing = [.. Infrastructure.Names.Where(name => !builder.IsGiven(name))];
        if (missing is [] || await WhyNoContainersAsync(builder.Configuration) is not { } reason)
        {
            return new(isEmbedded: false, refusal);
        }

        if (missing.Length < Infrastructure.Names.Length)
        {
            return new(isEmbedded: false, $"ConnectionStrings:{missing.Single()} is missing, and it can't be a container: {reason}.");
        }

        builder.Eventing.Subscribe<BeforeStartEvent>((starting, _) =>
        {
            LogEmbedded(starting.Services.GetRequiredService<ILoggerFactory>().CreateLogger<Edition>(), reason);
            return Task.CompletedTask;
        });
        return new(isEmbedded: true, refusal);
    }

    private static async Task<string?> WhyNoContainersAsync(ConfigurationManager configuration)
    {
        if (!Infrastructure.CanBeContainers)
        {
            return Infrastructure.WhyNot;
        }

        string[] runtimes = configuration["ASPIRE_CONTAINER_RUNTIME"] is { Length: > 0 } configured ? [configured] : ["docker", "podman"];
        foreach (var runtime in runtimes)
        {
            if (await AnswersAsync(runtime))
            {
                return null;
            }
        }

        return $"no container runtime answers (neither {string.Join(" nor ", runtimes)})";
    }

    private static async Task<bool> AnswersAsync(string runtime)
    {
        using var timeout = new CancellationTokenSource(RuntimeTimeout);
        try
        {
            using var process = Process.Start(new ProcessStartInfo(runtime, ["container", "ls", "--last", "1"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            try
            {
                await process.WaitForExitAsync(timeout.Token);
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

    private static bool IsTaken(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    [LoggerMessage(LogLevel.Warning, "This is the embedded edition, without Kafka and MongoDB: {Reason}, and ConnectionStrings:kafka and ConnectionStrings:shopping are not set")]
    private static partial void LogEmbedded(ILogger logger, string reason);
}
