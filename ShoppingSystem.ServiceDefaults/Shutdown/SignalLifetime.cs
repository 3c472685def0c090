using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// Stops the host on a signal: after draining on SIGTERM, which orchestrators send, and at once on SIGINT (Ctrl+C) and SIGQUIT.
/// A second signal ends the draining. In all other respects, including its log lines, it is like .NET's own lifetime.
/// </summary>
internal sealed partial class SignalLifetime(
    IHostApplicationLifetime host, IHostEnvironment environment, Drain drain, ShutdownOptions options, ILoggerFactory loggers) : IHostLifetime, IDisposable
{
    private readonly ILogger _logger = loggers.CreateLogger("Microsoft.Hosting.Lifetime");
    private readonly List<IDisposable> _registrations = [];

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _registrations.Add(host.ApplicationStarted.Register(() => LogStarted(environment.EnvironmentName, environment.ContentRootPath)));
        _registrations.Add(host.ApplicationStopping.Register(LogStopping));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, DrainOn));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, StopOn));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGQUIT, StopOn));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private void DrainOn(PosixSignalContext signal)
    {
        signal.Cancel = true;
        if (drain.Obstacle is null && options.DrainTime > TimeSpan.Zero)
        {
            LogDraining(options.DrainTime);
        }

        _ = drain.ThenStopAsync();
    }

    private void StopOn(PosixSignalContext signal)
    {
        signal.Cancel = true;
        host.StopApplication();
    }

    private void LogStarted(string environmentName, string contentRoot)
    {
        LogStarted();
        LogEnvironment(environmentName);
        LogContentRoot(contentRoot);
    }

    [LoggerMessage(LogLevel.Information, "Application started. Press Ctrl+C to shut down.")]
    private partial void LogStarted();

    [LoggerMessage(LogLevel.Information, "Hosting environment: {EnvName}")]
    private partial void LogEnvironment(string envName);

    [LoggerMessage(LogLevel.Information, "Content root path: {ContentRoot}")]
    private partial void LogContentRoot(string contentRoot);

    [LoggerMessage(LogLevel.Information, "Draining: still serving for {DrainTime}, but not ready, so that clients connect to other replicas")]
    private partial void LogDraining(TimeSpan drainTime);

    [LoggerMessage(LogLevel.Information, "Application is shutting down...")]
    private partial void LogStopping();
}
