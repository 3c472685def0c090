using System.Net.Sockets;
using ShoppingSystem.Purchases;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Sqlite;
using ShoppingSystem.Storefront;

namespace ShoppingSystem.Standalone;

/// <summary>The output at the start: a welcome, or one line that says why the shop can't start.</summary>
internal static class Startup
{
    private const string Url = $"{StandaloneOptions.Section}:{nameof(StandaloneOptions.WebServerUrl)} and {StandaloneOptions.Section}:{nameof(StandaloneOptions.ManagementApiUrl)}";

    /// <summary>All settings of Standalone.</summary>
    public static HostSettings Settings { get; } = new HostSettings("the whole shop in one process, over files")
        .With<StandaloneOptions>(StandaloneOptions.Section)
        .With<PurchaseLogOptions>(PurchaseLogOptions.Section)
        .With<AdmissionOptions>(AdmissionOptions.Section)
        .With<CrossOriginOptions>(CrossOriginOptions.Section)
        .WithHeader("Management:ApiKey", "the key that the management API wants in X-API-Key")
        .Command("backup DIRECTORY", "copies the shop's files beside a running shop")
        .Command("check [DIRECTORY]", "reads a shop's files, or those of a backup, through for damage")
        .Without("Standalone has no Kafka, and keeps its log in files", "Kafka")
        .Without("Standalone has no sign-in", SignInOptions.Section)
        .Without($"Standalone listens where {Url} say", "urls", "http_ports", "https_ports", "Kestrel");

    public static Task<int> RunAsync(string[] args, Func<Task> run) => ServiceHost.RunAsync(args, Settings, run, e => e switch
    {
        StorageException => e.Message,
        _ => null,
    });

    /// <exception cref="ConfigurationException">
    /// The address can't be listened on; the message names the setting and the address.
    /// </exception>
    public static async Task ListenAsync(WebApplication app, string setting, string url)
    {
        try
        {
            await app.StartAsync();
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new ConfigurationException(
                $"{StandaloneOptions.Section}:{setting}: can't listen on {url}: {e.GetBaseException().Message}. Another instance may be running; choose another address with --{StandaloneOptions.Section}:{setting}=http://…", e);
        }
        catch (Exception e) when (e.Source is "Microsoft.AspNetCore.Server.Kestrel.Core")
        {
            throw new ConfigurationException($"{StandaloneOptions.Section}:{setting}: can't listen on {url}: {e.Message}", e);
        }
    }

    /// <summary>Prints the addresses on which both services listen.</summary>
    public static void Welcome(WebApplication shop, WebApplication management, string dataDirectory)
    {
        Console.WriteLine($"""

              Shop            {Addresses(shop)}          API docs {shop.Urls.First()}/docs
              Management API  {Addresses(management)}          API docs {management.Urls.First()}/docs
              Data            {Path.GetFullPath(dataDirectory)}

              Ctrl+C stops.

            """);
        foreach (var url in shop.Urls.Concat(management.Urls))
        {
            if (!new Uri(url).IsLoopback)
            {
                Console.WriteLine($"  WARNING: {url} can be reached from other machines.");
            }
        }
    }

    private static string Addresses(WebApplication app) => string.Join(", ", app.Urls);
}
