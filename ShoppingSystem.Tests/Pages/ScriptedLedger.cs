using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;
using ShoppingSystem.Ledger;
using ShoppingSystem.Purchases;
using ShoppingSystem.ServiceDefaults;

namespace ShoppingSystem.Tests.Pages;

/// <summary>The operations page over a stream that says what a test wants it to say; there is nothing behind it.</summary>
internal sealed class ScriptedLedger : IAsyncDisposable
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(500);

    private readonly WebApplication _app;
    private readonly Channel<byte[]> _pieces = Channel.CreateUnbounded<byte[]>();
    private volatile byte[] _repeated = [];
    private int _connections;
    private int _lists;

    private ScriptedLedger(WebApplication app)
    {
        _app = app;
        app.UseServiceDefaults();
        app.MapGet("/api/v1/stats/stream", StreamAsync);
        app.MapGet("/api/v1/dead-letters", () =>
        {
            Interlocked.Increment(ref _lists);
            return TypedResults.Ok(Array.Empty<object>());
        });
        app.UseFileServer(new FileServerOptions { FileProvider = new EmbeddedFileProvider(typeof(LedgerModule).Assembly, "ShoppingSystem.Ledger.Page") });
    }

    /// <summary>What a process says that has nothing to complain about.</summary>
    public static StatisticsReply Calm { get; } = new(
        12_345, 0,
        new ProcessReply("replica-1", DateTimeOffset.UtcNow, new("recording", null), 345, 2, 0, 7, new LatencyReply(1.5, 4, 9.25), []),
        [new LagReply(0, 0)],
        new Dictionary<string, DependencyReply> { ["store"] = new("up", null) });

    public Uri Address => new(_app.Urls.Single());

    /// <summary>How often the stream was asked for.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>How often the list of dead letters was asked for.</summary>
    public int Lists => Volatile.Read(ref _lists);

    public static async Task<ScriptedLedger> StartAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.AddServiceDefaults("scripted");
        var ledger = new ScriptedLedger(builder.Build());
        await ledger._app.StartAsync();
        return ledger;
    }

    /// <summary>An event that says this.</summary>
    public static byte[] Event(StatisticsReply reply) => [.. "data: "u8, .. Json(reply), .. "\n\n"u8];

    public static byte[] Json(StatisticsReply reply) => JsonSerializer.SerializeToUtf8Bytes(reply, LedgerJson.Default.StatisticsReply);

    /// <summary>A purchase as the statistics name it.</summary>
    public static PurchaseV1 Purchase(string item, decimal price) =>
        new(Guid.NewGuid(), "ada", "Ada", price, item, DateTimeOffset.UtcNow);

    /// <summary>Says this from now on, twice a second.</summary>
    public void KeepSaying(StatisticsReply reply)
    {
        _repeated = Event(reply);
        Send(_repeated);
    }

    /// <summary>Sends these bytes as they are, in a piece of their own.</summary>
    public void Send(byte[] piece) => Assert.True(_pieces.Writer.TryWrite(piece));

    /// <summary>Says nothing more, and doesn't hang up.</summary>
    public void FallSilent() => _repeated = [];

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task StreamAsync(HttpContext context)
    {
        Interlocked.Increment(ref _connections);
        context.Response.ContentType = "text/event-stream";
        await context.Response.Body.FlushAsync();
        while (!context.RequestAborted.IsCancellationRequested && !_app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            var pause = Task.Delay(Heartbeat);
            while (_pieces.Reader.TryRead(out var piece))
            {
                await context.Response.Body.WriteAsync(piece);
                await context.Response.Body.FlushAsync();
            }

            if (await Task.WhenAny(pause, _pieces.Reader.WaitToReadAsync().AsTask()) == pause)
            {
                await context.Response.Body.WriteAsync(_repeated);
                await context.Response.Body.FlushAsync();
            }
        }
    }
}
