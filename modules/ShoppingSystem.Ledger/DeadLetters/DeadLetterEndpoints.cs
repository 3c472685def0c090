using System.Text;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>A dead letter as operators see it: the raw event both as text and as base64, because it may be neither text nor short.</summary>
internal sealed record DeadLetterReply(
    [property: JsonPropertyName("id")] Guid Id,
    [property: JsonPropertyName("reason")] string Reason,
    [property: JsonPropertyName("failedAt"), JsonConverter(typeof(EpochSecondsConverter))] DateTimeOffset FailedAt,
    [property: JsonPropertyName("topic")] string Topic,
    [property: JsonPropertyName("partition")] int Partition,
    [property: JsonPropertyName("offset")] long Offset,
    [property: JsonPropertyName("appendedAt"), JsonConverter(typeof(EpochSecondsConverter))] DateTimeOffset AppendedAt,
    [property: JsonPropertyName("text")] string Text,
    [property: JsonPropertyName("raw")] byte[] Raw)
{
    public static DeadLetterReply From(DeadLetter letter) => new(
        letter.Id, letter.Reason, letter.FailedAt, letter.Event.Topic, letter.Event.Partition, letter.Event.Offset,
        letter.Event.AppendedAt, Encoding.UTF8.GetString(letter.Event.Value.Span), letter.Event.Value.ToArray());
}

/// <summary>What came of a replay: <c>recorded</c>, or <c>duplicate</c> when the purchase was recorded already.</summary>
internal sealed record ReplayReply(
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("purchase")] HistoryEntryV1 Purchase);

internal static class DeadLetterEndpoints
{
    private const int MaxLimit = 1000;
    private const int DefaultLimit = 100;

    public static void MapDeadLetters(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/v1/dead-letters").WithTags("Operations");

        group.MapGet("", async Task<Results<Ok<IReadOnlyList<DeadLetterReply>>, ValidationProblem>> (
            int? limit, IDeadLetters deadLetters, CancellationToken cancellationToken) =>
        {
            if (limit is < 1 or > MaxLimit)
            {
                return TypedResults.ValidationProblem([new("limit", [$"must be between 1 and {MaxLimit}"])]);
            }

            var letters = await deadLetters.ListAsync(limit ?? DefaultLimit, cancellationToken);
            IReadOnlyList<DeadLetterReply> replies = [.. letters.Select(DeadLetterReply.From)];
            return TypedResults.Ok(replies);
        })
        .WithSummary("Events that could not be recorded, newest first");

        group.MapPost("/{id:guid}/replay", async Task<Results<Ok<ReplayReply>, NotFound, ProblemHttpResult>> (
            Guid id, HttpRequest request, IDeadLetters deadLetters, IPurchaseStore store, CancellationToken cancellationToken) =>
        {
            if (await deadLetters.FindAsync(id, cancellationToken) is not { } letter)
            {
                return TypedResults.NotFound();
            }

            var corrected = await ReadBodyAsync(request, cancellationToken);
            var source = corrected.IsEmpty ? letter.Event : letter.Event with { Value = corrected };
            if (!PurchaseEvent.TryRead(source, out var purchase, out var reason))
            {
                return TypedResults.Problem(reason, statusCode: StatusCodes.Status422UnprocessableEntity);
            }

            var result = await store.RecordAsync([purchase], cancellationToken);
            if (result.Refused is [var refused])
            {
                return TypedResults.Problem(refused.Reason, statusCode: StatusCodes.Status422UnprocessableEntity);
            }

            await deadLetters.RemoveAsync(id, cancellationToken);
            return TypedResults.Ok(new ReplayReply(result.Recorded == 1 ? "recorded" : "duplicate", HistoryEntryV1.From(purchase)));
        })
        .Accepts<PurchaseV1>(isOptional: true, "application/json")
        .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
        .WithSummary("Try to record a dead letter again")
        .WithDescription("""
            The event is read as it stands, or as the request body corrects it. Once recorded it is no dead letter any more; if it
            still can't be, it stays one (422). Safe to repeat.
            """);

        group.MapDelete("/{id:guid}", async Task<Results<NoContent, NotFound>> (
            Guid id, IDeadLetters deadLetters, CancellationToken cancellationToken) =>
            await deadLetters.RemoveAsync(id, cancellationToken) ? TypedResults.NoContent() : TypedResults.NotFound())
            .WithSummary("Drop a dead letter for good");
    }

    private static async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        try
        {
            await request.Body.CopyToAsync(body, cancellationToken);
        }
        catch (IOException e) when (e is not BadHttpRequestException)
        {
            // Chunks of a size that nothing has: the client's mistake, though the server does not say so.
            throw new BadHttpRequestException("The request body can't be read.", e);
        }

        return body.ToArray();
    }
}
