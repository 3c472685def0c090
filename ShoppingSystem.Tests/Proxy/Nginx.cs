using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Proxy;

/// <summary>The system's nginx on the loopback interface, in the foreground, with files of its own only.</summary>
internal sealed class Nginx : INeed, IAsyncDisposable
{
    private static readonly string? Executable = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Append("/usr/sbin").Select(directory => Path.Combine(directory, "nginx")).FirstOrDefault(File.Exists);

    private readonly string _directory;
    private readonly ChildProcess _process;

    private Nginx(string directory, ChildProcess process, Uri address)
    {
        _directory = directory;
        _process = process;
        Address = address;
    }

    /// <summary>Why there can be no nginx here; null when there can.</summary>
    public static string? WhyNot => Executable is null ? "no nginx: it is not on the PATH" : null;

    public Uri Address { get; }

    /// <summary>Starts it and waits until it listens.</summary>
    /// <param name="locations">What stands in its <c>server</c> block.</param>
    public static async Task<Nginx> StartAsync(string locations)
    {
        var directory = Directory.CreateTempSubdirectory("shopping-nginx-").FullName;
        var address = StandaloneProcess.FreeAddress();
        // One process, so that there is nobody to leave behind and no user to change to.
        await File.WriteAllTextAsync(Path.Combine(directory, "nginx.conf"), $$"""
            daemon off;
            master_process off;
            pid nginx.pid;
            error_log error.log;
            events { worker_connections 4096; }
            http {
                access_log off;
                client_body_temp_path body;
                proxy_temp_path proxy;
                fastcgi_temp_path fastcgi;
                uwsgi_temp_path uwsgi;
                scgi_temp_path scgi;
                types { }
                server {
                    listen 127.0.0.1:{{address.Port}};
                    {{locations}}
                }
            }
            """);
        var nginx = new Nginx(directory, ChildProcess.StartOther(directory, Executable!, "-p", directory, "-c", "nginx.conf", "-e", "error.log"), address);
        using var client = new HttpClient { BaseAddress = address };
        try
        {
            await Eventually.TrueAsync(() => nginx.ListensAsync(client), "nginx listens");
            return nginx;
        }
        catch
        {
            await nginx.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<bool> ListensAsync(HttpClient client)
    {
        if (_process.HasExited)
        {
            throw new InvalidOperationException($"nginx did not start: {_process.Output}");
        }

        try
        {
            using var reply = await client.GetAsync("/");
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
