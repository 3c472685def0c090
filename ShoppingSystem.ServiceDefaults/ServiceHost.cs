using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>How a host starts: where it listens, and the message when it can't start.</summary>
public static class ServiceHost
{
    private const int ExitCodeOfFailure = 1;

    // A file watcher uses an inotify instance. A Linux user has 128 of them on a machine, shared by all containers of a node: when
    // they are used up, no program that watches a file can start. Here no file is read again after the start.
    private const string ReadSettingsOnce = "--hostBuilder:reloadConfigOnChange=false";

    /// <summary>
    /// Creates the builder of a host. Its <c>appsettings.json</c> is next to the program, whatever the current directory is;
    /// the files of <c>Secrets:Directory</c>, if that is configured, override all other settings.
    /// </summary>
    /// <param name="args">The command line.</param>
    /// <param name="settings">All settings that the host has.</param>
    /// <exception cref="ConfigurationException">
    /// A configured key is not one of <paramref name="settings"/>, or its value is empty; the message names the key.
    /// </exception>
    public static WebApplicationBuilder CreateBuilder(string[] args, HostSettings settings)
    {
        settings.Check(args);
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = [ReadSettingsOnce, .. args], ContentRootPath = AppContext.BaseDirectory });
        builder.AddSecretFiles();
        settings.Check(builder.Configuration);
        return builder;
    }

    /// <summary>
    /// Runs a host, or prints the output of <c>--help</c> or <c>--version</c>. When a problem that the operator can fix
    /// prevents the start, it prints one line about it instead of a stack trace.
    /// </summary>
    /// <param name="args">The command line.</param>
    /// <param name="settings">All settings that the host has.</param>
    /// <param name="run">Builds the host and runs it to its end.</param>
    /// <param name="explain">The line for a failure that only this host knows; null for failures that it does not know either.</param>
    /// <returns>The exit code of the process.</returns>
    public static Task<int> RunAsync(string[] args, HostSettings settings, Func<Task> run, Func<Exception, string?>? explain = null) => RunAsync(
        () =>
        {
            if (!CommandLineArguments.AskForHelp(args) && !CommandLineArguments.AskForVersion(args))
            {
                return run();
            }

            Console.WriteLine(CommandLineArguments.AskForHelp(args) ? Help.Of(settings) : Help.Version);
            return Task.CompletedTask;
        },
        explain);

    /// <summary>Runs a host that has no settings of its own.</summary>
    /// <param name="run">Builds the host and runs it to its end.</param>
    /// <param name="explain">The line for a failure that only this host knows; null for failures that it does not know either.</param>
    /// <returns>The exit code of the process.</returns>
    public static async Task<int> RunAsync(Func<Task> run, Func<Exception, string?>? explain = null)
    {
        ConsoleOutput.NeverWait();
        try
        {
            await run();
            return 0;
        }
        catch (Exception e) when ((explain?.Invoke(e) ?? Explain(e)) is { } line)
        {
            Console.Error.WriteLine(line);
            return ExitCodeOfFailure;
        }
    }

    /// <summary>
    /// Listens on <paramref name="url"/> if nothing else is configured: neither addresses (<c>--urls</c>,
    /// <c>ASPNETCORE_URLS</c>), nor ports (<c>ASPNETCORE_HTTP_PORTS</c>, which container images set), nor Kestrel's endpoints.
    /// </summary>
    public static WebApplicationBuilder ListenByDefault(this WebApplicationBuilder builder, string url)
    {
        string[] addresses = [WebHostDefaults.ServerUrlsKey, WebHostDefaults.HttpPortsKey, WebHostDefaults.HttpsPortsKey];
        if (addresses.All(key => string.IsNullOrEmpty(builder.Configuration[key])) && !builder.Configuration.GetSection("Kestrel:Endpoints").Exists())
        {
            builder.WebHost.UseUrls(url);
        }

        return builder;
    }

    private static string? Explain(Exception e) => e switch
    {
        ConfigurationException or OptionsValidationException => e.Message,
        IOException { InnerException: AddressInUseException } =>
            $"{e.Message} Another instance may be running; choose another address with --urls.",
        // The exceptions of Kestrel and its address parser for invalid addresses.
        FormatException or InvalidOperationException when e.Source is "Microsoft.AspNetCore.Http" or "Microsoft.AspNetCore.Server.Kestrel.Core" =>
            $"urls (or Kestrel:Endpoints): {e.Message.Split('\n')[0].TrimEnd()}",
        _ => null,
    };
}
