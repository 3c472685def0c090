using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ShoppingSystem.Purchases;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Storefront;

namespace ShoppingSystem.Tests.Support;

/// <summary>The storefront alone, on real Kestrel, over a log of the test's own.</summary>
internal sealed class StorefrontHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StorefrontHost(WebApplication app)
    {
        _app = app;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public HttpClient Client { get; }

    public static async Task<StorefrontHost> StartAsync(IPurchaseLog log, Action<WebApplicationBuilder>? configure = null, params string[] settings)
    {
        var builder = WebApplication.CreateBuilder(settings);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddServiceDefaults("test");
        builder.Services.AddSingleton(log);
        builder.AddStorefront();
        configure?.Invoke(builder);
        var app = builder.Build();
        app.UseServiceDefaults();
        app.MapStorefront();
        await app.StartAsync();
        return new StorefrontHost(app);
    }

    /// <summary>Stops it as a signal would.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>Keeps what is appended; says "durable" once <see cref="Open"/> is called, or at once when it is open from the start.</summary>
internal sealed class MemoryLog(bool open = true) : IPurchaseLog
{
    private readonly TaskCompletionSource _durable = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting;

    public int Waiting => Volatile.Read(ref _waiting);

    public void Open() => _durable.TrySetResult();

    public async ValueTask AppendAsync(Purchase purchase, CancellationToken cancellationToken = default)
    {
        if (!open)
        {
            Interlocked.Increment(ref _waiting);
            await _durable.Task;
        }
    }
}

/// <summary>Fails in a way that was not foreseen.</summary>
internal sealed class FailingLog : IPurchaseLog
{
    public ValueTask AppendAsync(Purchase purchase, CancellationToken cancellationToken = default) => throw new InvalidOperationException("a defect");
}

/// <summary>Never makes anything durable.</summary>
internal sealed class RefusingLog : IPurchaseLog
{
    public ValueTask AppendAsync(Purchase purchase, CancellationToken cancellationToken = default) => throw new PurchaseLogUnavailableException("the brokers are away");
}
