using System.Net;
using Microsoft.AspNetCore.Connections;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Sqlite;

namespace ShoppingSystem.Standalone;

/// <summary>What a newcomer sees: a welcome, or one line that says what stands in the way.</summary>
internal static class Startup
{
    public static Task<int> RunAsync(Func<Task> run) => ServiceHost.RunAsync(run, e => e switch
    {
        StorageException => e.Message,
        IOException { InnerException: AddressInUseException } =>
            $"{e.Message} Another instance may be running; choose other ports with --Shopping:WebServerUrl and --Shopping:ManagementApiUrl.",
        _ => null,
    });

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
