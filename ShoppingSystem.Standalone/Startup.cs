using System.Net;
using System.Net.Sockets;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Sqlite;

namespace ShoppingSystem.Standalone;

/// <summary>What a newcomer sees: a welcome, or one line that says what stands in the way.</summary>
internal static class Startup
{
    public static Task<int> RunAsync(Func<Task> run) => ServiceHost.RunAsync(run, e => e switch
    {
        StorageException => e.Message,
        _ => null,
    });

    /// <exception cref="ConfigurationException">It can't listen there; the message names the setting and the address.</exception>
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
    }

    public static void Welcome(StandaloneOptions options)
    {
        Console.WriteLine($"""

              Shop            {options.WebServerUrl}          API docs {options.WebServerUrl}/docs
              Management API  {options.ManagementApiUrl}          API docs {options.ManagementApiUrl}/docs
              Data            {Path.GetFullPath(options.DataDirectory)}

              Ctrl+C stops.

            """);
        foreach (var url in (string[])[options.WebServerUrl, options.ManagementApiUrl])
        {
            if (!IsLoopback(new Uri(url)))
            {
                Console.WriteLine($"  WARNING: {url} can be reached from other machines.");
            }
        }
    }

    private static bool IsLoopback(Uri url) =>
        url.IsLoopback || (IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
