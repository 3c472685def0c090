using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// The metrics of the process at <c>/metrics</c>, in OpenMetrics or in Prometheus' older format. It has a server and a port of its
/// own, so that nothing that leads to the services leads to it.
/// </summary>
internal sealed class MetricsEndpoint : IAsyncDisposable
{
    private static readonly TimeSpan LastScrape = TimeSpan.FromSeconds(1);

    private readonly WebApplication _server;

    private MetricsEndpoint(WebApplication server) => _server = server;

    /// <exception cref="ConfigurationException">It can't listen there; the message names the setting.</exception>
    public static async Task<MetricsEndpoint> StartAsync(MetricsAddress address, MeterProvider meters)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            switch (address.Host)
            {
                case MetricsAddress.Localhost:
                    kestrel.ListenLocalhost(address.Port);
                    break;
                case MetricsAddress.AnyHost:
                    kestrel.ListenAnyIP(address.Port);
                    break;
                default:
                    kestrel.Listen(IPAddress.Parse(address.Host), address.Port);
                    break;
            }
        });
        builder.Services.AddSingleton<IHostLifetime, WithoutSignals>();
        var server = builder.Build();
        server.Use(next => context =>
        {
            LeaveOut(context);
            return next(context);
        });
        server.UseOpenTelemetryPrometheusScrapingEndpoint(meters, null, null, null, null);
        try
        {
            await server.StartAsync();
            return new MetricsEndpoint(server);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await server.DisposeAsync();
            throw new ConfigurationException(
                $"{MetricsAddress.HostKey} and {MetricsAddress.PortKey}: metrics can't be served on {address}: {e.GetBaseException().Message}. Another service may serve its metrics there; choose another port.", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(LastScrape);
        await _server.StopAsync(patience.Token);
        await _server.DisposeAsync();
    }

    // Scrapes are nobody's requests: they would be in the request metrics and in the traces of the services otherwise.
    private static void LeaveOut(HttpContext context)
    {
        context.Features.Get<IHttpMetricsTagsFeature>()?.MetricsDisabled = true;
        context.Features.Get<IHttpActivityFeature>()?.Activity.LeaveOut();
    }

    // Signals are for the services, which end this with themselves. Who listens to them keeps the second Ctrl+C from ending the process.
    private sealed class WithoutSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
