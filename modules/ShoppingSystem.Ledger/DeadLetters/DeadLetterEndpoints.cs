using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;
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
    [property: JsonPropertyName("purchase")] PurchaseV1 Purchase);

internal static class DeadLetterEndpoints
{
    public static void MapDeadLetters(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/v1/dead-letters").WithTags("Operations");

        group.MapGet("", async Task<Results<Ok<IReadOnlyList<DeadLetterReply>>, ValidationProblem>> (
            [Range(1, PageLimits.Max), DefaultValue(PageLimits.Default)] int? limit, string? before,
            GuardedDeadLetters deadLetters, HttpContext context, CancellationToken cancellationToken) =>
        {
            var most = limit ?? PageLimits.Default;
            if (Pages.Check(most, before, out var cursor) is { } problems)
            {
                return TypedResults.ValidationProblem(problems);
            }

            var page = await deadLetters.ListAsync(most, cursor, cancellationToken);
            context.LinkNextPage(most, page.Next);
            IReadOnlyList<DeadLetterReply> replies = [.. page.Letters.Select(DeadLetterReply.From)];
            return TypedResults.Ok(replies);
        })
        .WithSummary("Events that could not be recorded, newest first")
        .WithDescription("While there are more than `limit`, the Link header names the next page.");

        group.MapPost("/{id:guid}/replay", async Task<Results<Ok<ReplayReply>, NotFound, ProblemHttpResult>> (
            Guid id, HttpRequest request, GuardedDeadLetters deadLetters, GuardedStore store, CancellationToken cancellationToken) =>
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
            return TypedResults.Ok(new ReplayReply(result.Recorded == 1 ? "recorded" : "duplicate", PurchaseV1.From(purchase)));
        })
        .Accepts<object>(isOptional: true, "application/json")
        .AddOpenApiOperationTransformer(DescribeCorrection)
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
        .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
        .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
        .WithSummary("Try to record a dead letter again")
        .WithDescription("""
            The event is read as it stands, or as the request body corrects it. Once recorded it is no dead letter any more; if it
            still can't be, it stays one (422). Safe to repeat.
            """);

        group.MapDelete("/{id:guid}", async Task<Results<NoContent, NotFound>> (
            Guid id, GuardedDeadLetters deadLetters, CancellationToken cancellationToken) =>
            await deadLetters.RemoveAsync(id, cancellationToken) ? TypedResults.NoContent() : TypedResults.NotFound())
            .ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Drop a dead letter for good");
    }

    // The schema is written by hand: reading an event is more tolerant than any .NET type can express.
    private static Task DescribeCorrection(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        operation.RequestBody!.Content!["application/json"].Schema = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Description = "The event as it should have been. Names of fields in any case; other fields are ignored.",
            Required = new HashSet<string> { "userid", "username", "price" },
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["id"] = Field("Else the purchase has the dead letter's id.", JsonSchemaType.String | JsonSchemaType.Null, "uuid"),
                ["userid"] = Field("1 to 128 characters.", JsonSchemaType.String | JsonSchemaType.Number),
                ["username"] = Field("1 to 128 characters.", JsonSchemaType.String | JsonSchemaType.Number),
                ["price"] = Field("Greater than 0, at most 1,000,000,000, with at most 4 decimals.", JsonSchemaType.Number | JsonSchemaType.String, "decimal"),
                ["item"] = Field("1 to 128 characters.", JsonSchemaType.String | JsonSchemaType.Number | JsonSchemaType.Null),
                ["timestamp"] = Field(
                    "Epoch seconds, epoch milliseconds or ISO 8601; else the purchase was made when the event was appended.",
                    JsonSchemaType.Number | JsonSchemaType.String | JsonSchemaType.Null),
            },
        };
        return Task.CompletedTask;

        static OpenApiSchema Field(string description, JsonSchemaType type, string? format = null) => new() { Description = description, Type = type, Format = format };
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
            // An invalid chunk size is the client's mistake, but the server reports it as a plain IOException.
            throw new BadHttpRequestException("The request body can't be read.", e);
        }

        return body.ToArray();
    }
}
