using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>
/// How recording goes. <c>recorded</c> and <c>deadLetters</c> are the store's, over all replicas and times; all else is
/// this process's since it started.
/// </summary>
internal sealed record StatisticsReply(
    [property: JsonPropertyName("recorded")] long Recorded,
    [property: JsonPropertyName("duplicates")] long Duplicates,
    [property: JsonPropertyName("deadLetters")] long DeadLetters,
    [property: JsonPropertyName("recordedPerSecond")] long RecordedPerSecond,
    [property: JsonPropertyName("latencyMs")] LatencyReply LatencyMs,
    [property: JsonPropertyName("lag")] IReadOnlyList<LagReply> Lag,
    [property: JsonPropertyName("latest")] IReadOnlyList<HistoryEntryV1> Latest,
    [property: JsonPropertyName("heldUpBy")] string? HeldUpBy);

/// <summary>Milliseconds from acceptance to record, of the last 4,096 events.</summary>
internal sealed record LatencyReply(
    [property: JsonPropertyName("p50")] double? P50,
    [property: JsonPropertyName("p95")] double? P95,
    [property: JsonPropertyName("p99")] double? P99);

/// <summary>Events of a partition that are appended but not yet recorded.</summary>
internal sealed record LagReply(
    [property: JsonPropertyName("partition")] int Partition,
    [property: JsonPropertyName("lag")] long Lag);

internal static class StatisticsEndpoints
{
    public static void MapStatistics(this IEndpointRouteBuilder api) =>
        api.MapGet("/v1/stats", async (
                RecorderStatistics statistics, RecorderState state, IPurchaseFeed feed, IPurchaseStore store, IDeadLetters deadLetters,
                CancellationToken cancellationToken) =>
            {
                var snapshot = statistics.Read();
                return TypedResults.Ok(new StatisticsReply(
                    await store.CountAsync(cancellationToken),
                    snapshot.Duplicates,
                    await deadLetters.CountAsync(cancellationToken),
                    snapshot.RecordedLastSecond,
                    new(snapshot.P50, snapshot.P95, snapshot.P99),
                    [.. feed.Lag.Select(partition => new LagReply(partition.Partition, partition.Lag))],
                    [.. snapshot.Latest.Select(HistoryEntryV1.From)],
                    state.HeldUpBy));
            })
            .WithTags("Operations")
            .WithSummary("How recording goes")
            .WithDescription("`recorded` and `deadLetters` are the store's; all else is this process's since it started.");
}
