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
/// The metrics of the process at <c>/metrics</c>, in OpenMetrics or in Prometheus' older format. It has its own server and
/// port, so that a route to the services does not expose it.
/// </summary>
internal sealed class MetricsEndpoint(MetricsAddress address, MeterProvider meters) : IHostedService
{
    private static readonly TimeSpan LastScrape = TimeSpan.FromSeconds(1);

    private WebApplication? _server;

    /// <exception cref="ConfigurationException">The address can't be listened on; the message names the setting.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
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
            await server.StartAsync(cancellationToken);
            _server = server;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await server.DisposeAsync();
            throw new ConfigurationException(
                $"{MetricsAddress.HostKey} and {MetricsAddress.PortKey}: metrics can't be served on {address}: {e.GetBaseException().Message}. Another service may serve its metrics there; choose another port.", e);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_server is not null)
        {
            using var timeout = new CancellationTokenSource(LastScrape);
            await _server.StopAsync(timeout.Token);
            await _server.DisposeAsync();
        }
    }

    // Scrapes are not requests of customers: they are left out of the services' request metrics and traces.
    private static void LeaveOut(HttpContext context)
    {
        context.Features.Get<IHttpMetricsTagsFeature>()?.MetricsDisabled = true;
        context.Features.Get<IHttpActivityFeature>()?.Activity.LeaveOut();
    }

    // The services handle signals, and stop this host when they end. A signal handler here would keep the second Ctrl+C from ending
    // the process.
    private sealed class WithoutSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
