using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// The time between SIGTERM and the stop. When Kestrel stops, it closes idle connections at once, and a client that sends on
/// one at that moment loses its request. So the host first goes on serving for a while, reports that it is not ready, and makes
/// every reply close its connection: clients connect again, and the load balancer sends them to other replicas. All other
/// parts, such as the recorder and event streams, are told to end only when the host stops.
/// </summary>
internal sealed class Drain(ShutdownOptions options, IHostApplicationLifetime host)
{
    private volatile bool _hasBegun;

    /// <summary>Why requests should go elsewhere: the host is starting or ending; null while it serves.</summary>
    public string? Obstacle =>
        _hasBegun || host.ApplicationStopping.IsCancellationRequested ? "draining"
        : host.ApplicationStarted.IsCancellationRequested ? null
        : "starting";

    /// <summary>Whether replies must close their connections.</summary>
    public bool HasBegun => _hasBegun;

    /// <summary>Stops the host when the time is over; at once if it has not started yet, or if this is the second call.</summary>
    public async Task ThenStopAsync()
    {
        if (!_hasBegun && host.ApplicationStarted.IsCancellationRequested)
        {
            _hasBegun = true;
            await Task.Delay(options.DrainTime, host.ApplicationStopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        host.StopApplication();
    }
}

internal static class DrainExtensions
{
    // Orchestrators kill a process 30 s after SIGTERM. This leaves time to answer, flush, commit and leave the consumer group.
    private static readonly TimeSpan ShutdownTime = TimeSpan.FromSeconds(25);

    /// <exception cref="ConfigurationException">A setting can't be used; the message names its key.</exception>
    public static void AddDrain(this WebApplicationBuilder builder)
    {
        var options = builder.Configuration.Read<ShutdownOptions>(ShutdownOptions.Section);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTime - options.DrainTime);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<Drain>();
        // Windows has only one such signal, and ends the process when its handler returns: .NET's own lifetime waits in the handler.
        if (!OperatingSystem.IsWindows())
        {
            builder.Services.AddSingleton<IHostLifetime, SignalLifetime>();
        }
    }

    /// <summary>While the host drains, every reply closes its connection. Call it before all that replies.</summary>
    public static void UseClosingReplies(this WebApplication app)
    {
        var drain = app.Services.GetRequiredService<Drain>();
        Func<object, Task> close = Close;
        app.Use((context, next) =>
        {
            context.Response.OnStarting(close, context);
            return next(context);
        });

        // Set when the reply starts: the handler that turns an exception into a problem clears headers that were set before.
        Task Close(object state)
        {
            var context = (HttpContext)state;
            if (drain.HasBegun)
            {
                if (HttpProtocol.IsHttp2(context.Request.Protocol))
                {
                    // GOAWAY: open streams are finished; new ones need a new connection.
                    context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
                }
                else
                {
                    context.Response.Headers.Connection = "close";
                }
            }

            return Task.CompletedTask;
        }
    }
}
