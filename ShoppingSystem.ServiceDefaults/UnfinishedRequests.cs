using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// A service that is told to stop finishes the requests that it has received. It waits only a short time for requests that have
/// not arrived completely: then it aborts their connections, in the head or in the body. Kestrel alone would wait for them
/// until the host's shutdown time is over.
/// </summary>
internal static class UnfinishedRequests
{
    /// <summary>How long the rest of a request may take to arrive once the service is stopping.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    public static void AddUnfinishedRequests(this WebApplicationBuilder builder) => builder.WebHost.ConfigureKestrel(kestrel =>
        kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection => WatchAsync(connection, next))));

    /// <summary>Follows requests. Call it before all that reads a body.</summary>
    public static void UseUnfinishedRequests(this WebApplication app) => app.Use((context, next) =>
    {
        // A test server has no connections.
        if (context.Features.Get<Work>() is { } work)
        {
            if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is true)
            {
                context.Request.Body = new Body(context.Request, work);
            }
            else
            {
                work.Begin(context.Response);
            }
        }

        return next(context);
    });

    private static async Task WatchAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var work = new Work();
        connection.Features.Set(work);
        using var ended = new CancellationTokenSource();
        var closing = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        await using var registration = closing.Register(() => _ = CutOffAsync(connection, work, ended.Token));
        try
        {
            await next(connection);
        }
        finally
        {
            await ended.CancelAsync();
        }
    }

    private static async Task CutOffAsync(ConnectionContext connection, Work work, CancellationToken ended)
    {
        // A request that has just been answered may still be writing its answer.
        for (var wait = Limit; wait > TimeSpan.Zero; wait = work.TimeLeft)
        {
            await Task.Delay(wait, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (ended.IsCancellationRequested)
            {
                return;
            }
        }

        connection.Abort(new ConnectionAbortedException("The service is stopping, and the rest of the request did not come."));
    }

    /// <summary>The requests of one connection that have arrived completely.</summary>
    private sealed class Work
    {
        private int _requests;
        private long _quietSince;

        /// <summary>Counts a request that has arrived, until it has been answered.</summary>
        public void Begin(HttpResponse response)
        {
            Interlocked.Increment(ref _requests);
            response.OnCompleted(static state =>
            {
                var work = (Work)state;
                Volatile.Write(ref work._quietSince, Stopwatch.GetTimestamp());
                Interlocked.Decrement(ref work._requests);
                return Task.CompletedTask;
            }, this);
        }

        /// <summary>How long to wait before the connection may be aborted; zero when it may be aborted now.</summary>
        public TimeSpan TimeLeft => Volatile.Read(ref _requests) > 0
            ? Limit
            : Volatile.Read(ref _quietSince) is not 0 and var since ? Limit - Stopwatch.GetElapsedTime(since) : TimeSpan.Zero;
    }

    /// <summary>The body of a request. The request counts as being processed once the body has been read to its end.</summary>
    private sealed class Body(HttpRequest request, Work work) : Stream
    {
        private readonly Stream _body = request.Body;
        private bool _isComplete;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Note(_body.Read(buffer, offset, count), count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var reading = _body.ReadAsync(buffer, cancellationToken);
            return reading.IsCompletedSuccessfully ? new(Note(reading.Result, buffer.Length)) : NoteAsync(reading, buffer.Length);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private async ValueTask<int> NoteAsync(ValueTask<int> reading, int wanted) => Note(await reading, wanted);

        private int Note(int read, int wanted)
        {
            if (read == 0 && wanted > 0 && !_isComplete)
            {
                _isComplete = true;
                work.Begin(request.HttpContext.Response);
            }

            return read;
        }
    }
}
