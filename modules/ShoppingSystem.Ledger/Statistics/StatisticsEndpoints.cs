using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace ShoppingSystem.Ledger;

internal static class StatisticsEndpoints
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public static void MapStatistics(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/v1/stats").WithTags("Operations");

        group.MapGet("", async (StatisticsReader statistics, CancellationToken cancellationToken) =>
                TypedResults.Ok(await statistics.ReadAsync(cancellationToken)))
            .WithSummary("How recording goes")
            .WithDescription("""
                `recorded` and `deadLetters` are the store's, over all replicas and times (null while it can't be asked);
                `process` and `lag` are the answering process's own.
                """);

        // The framework's typed result would describe the stream as JSON of its own event type.
        group.MapGet("/stream", IResult (StatisticsReader statistics, IHostApplicationLifetime host, HttpResponse response, CancellationToken cancellationToken) =>
            {
                // Without this header, nginx buffers events until it has some kilobytes of them.
                response.Headers["X-Accel-Buffering"] = "no";
                return TypedResults.ServerSentEvents(EverySecond(statistics, host.ApplicationStopping, cancellationToken));
            })
            .Produces<string>(StatusCodes.Status200OK, "text/event-stream")
            .WithSummary("The same as server-sent events, one a second")
            .WithDescription("The data of each event is JSON: a `StatisticsReply`. The stream ends when the service stops.")
            .DisableHttpMetrics(); // as long as somebody looks: that is no latency, and nothing to trace
    }

    private static async IAsyncEnumerable<SseItem<StatisticsReply>> EverySecond(
        StatisticsReader statistics, CancellationToken stopping, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopping);
        do
        {
            yield return new(await statistics.ReadSharedAsync(cancellationToken));
        }
        while (await NextAsync(timer, ended.Token));
    }

    // When the viewer disconnects or the host stops, the stream ends; neither is an error.
    private static async ValueTask<bool> NextAsync(PeriodicTimer timer, CancellationToken ended)
    {
        try
        {
            return await timer.WaitForNextTickAsync(ended);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
