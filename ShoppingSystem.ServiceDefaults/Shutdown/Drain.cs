using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// The time between SIGTERM and the stop. Kestrel closes idle connections as soon as it stops, and a client that sends on one
/// at that moment loses its request. So the host first goes on serving for a while, says that it is not ready, and has every
/// reply close its connection: clients connect anew, and whoever balances the load leads them elsewhere. Everything else, the
/// recorder and event streams included, learns of the end only when the host stops.
/// </summary>
internal sealed class Drain(ShutdownOptions options, IHostApplicationLifetime host)
{
    private volatile bool _hasBegun;

    /// <summary>Why requests should go elsewhere: the host is starting or ending; null while it serves.</summary>
    public string? Obstacle =>
        _hasBegun || host.ApplicationStopping.IsCancellationRequested ? "draining"
        : host.ApplicationStarted.IsCancellationRequested ? null
        : "starting";

    /// <summary>Whether replies are to close their connections.</summary>
    public bool HasBegun => _hasBegun;

    /// <summary>Stops the host when the time is over; at once when it has not started yet, or is asked a second time.</summary>
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
    // Orchestrators kill 30 s after they asked to stop. This leaves time to answer, flush, commit and leave the group.
    private static readonly TimeSpan ShutdownTime = TimeSpan.FromSeconds(25);

    /// <exception cref="ConfigurationException">What is configured can't be used; the message names its key.</exception>
    public static void AddDrain(this WebApplicationBuilder builder)
    {
        var options = builder.Configuration.Read<ShutdownOptions>(ShutdownOptions.Section);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTime - options.DrainTime);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<Drain>();
        builder.Services.AddSingleton<IStartupFilter, ClosingReplies>();
        // Windows ends a process whose handler of its only such signal has returned: .NET's own lifetime knows how to wait.
        if (!OperatingSystem.IsWindows())
        {
            builder.Services.AddSingleton<IHostLifetime, SignalLifetime>();
        }
    }

    // A filter, so that all replies are seen.
    private sealed class ClosingReplies(Drain drain) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            Func<object, Task> close = Close;
            app.Use((context, rest) =>
            {
                context.Response.OnStarting(close, context);
                return rest(context);
            });
            next(app);
        };

        // As the reply starts: what turns an exception into a problem clears the headers that were set before.
        private Task Close(object state)
        {
            var context = (HttpContext)state;
            if (drain.HasBegun)
            {
                if (HttpProtocol.IsHttp2(context.Request.Protocol))
                {
                    // GOAWAY: streams that are open are finished, new ones want a new connection.
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
