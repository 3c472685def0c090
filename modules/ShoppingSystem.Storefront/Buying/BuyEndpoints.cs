using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Storefront;

internal static partial class BuyEndpoints
{
    private const int RetryAfterSeconds = 1;

    public static void AddBuying(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Checkout>();
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.AllowDuplicateProperties = false;
            json.SerializerOptions.Encoder = PurchaseJson.Readable.Options.Encoder;
            json.SerializerOptions.DefaultIgnoreCondition = PurchaseJson.Readable.Options.DefaultIgnoreCondition;
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, BuyingJson.Default);
        });
    }

    public static void MapBuying(this WebApplication app)
    {
        var group = app.MapGroup("/api").WithTags("Buying").RequireAdmission().RequireCustomer(app)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

        group.MapPost("/v1/buy", async Task<Results<Accepted<BuyReplyV1>, ValidationProblem, ProblemHttpResult>> (
            BuyRequestV1 body, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey,
            Checkout checkout, HttpResponse response, ILogger<Checkout> logger) =>
        {
            if (Checkout.Check(body.Username, ("userid", body.UserId), body.Price, body.Item, idempotencyKey) is { Count: > 0 } problems)
            {
                return TypedResults.ValidationProblem(problems);
            }

            try
            {
                var purchase = await checkout.BuyAsync(body.Username!, body.UserId!, body.Price!.Value, body.Item, idempotencyKey);
                return TypedResults.Accepted((string?)null, new BuyReplyV1("success", "Purchase recorded", PurchaseV1.From(purchase)));
            }
            catch (PurchaseLogUnavailableException e)
            {
                return Unavailable(e, response, logger);
            }
        })
        .WithSummary("Buy")
        .WithDescription("""
            Acknowledged once the purchase is durable; it shows up in the history moments later. A retry under the same
            Idempotency-Key is the same purchase, whatever became of the first attempt.
            """);

        group.MapPost("/buy", async Task<Results<Ok<BuyReplyClassic>, ValidationProblem, ProblemHttpResult>> (
            BuyRequestClassic body, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey,
            Checkout checkout, HttpResponse response, ILogger<Checkout> logger) =>
        {
            if (Checkout.Check(body.Username, ("userId", body.UserId), body.Price, body.Item, idempotencyKey) is { Count: > 0 } problems)
            {
                return TypedResults.ValidationProblem(problems);
            }

            try
            {
                var purchase = await checkout.BuyAsync(body.Username!, body.UserId!, body.Price!.Value, body.Item, idempotencyKey);
                return TypedResults.Ok(new BuyReplyClassic("Purchase request sent successfully", purchase.Id));
            }
            catch (PurchaseLogUnavailableException e)
            {
                return Unavailable(e, response, logger);
            }
        })
        .WithSummary("Buy (classic)")
        .WithDescription("The same in the classic dialect.");
    }

    private static ProblemHttpResult Unavailable(PurchaseLogUnavailableException e, HttpResponse response, ILogger logger)
    {
        LogNotAcknowledged(logger, e.Message);
        response.Headers.RetryAfter = RetryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return TypedResults.Problem(
            "The purchase could not be made durable in time and is not acknowledged. Try again under the same Idempotency-Key.",
            statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    [LoggerMessage(LogLevel.Warning, "A purchase was not acknowledged: {Reason}")]
    private static partial void LogNotAcknowledged(ILogger logger, string reason);
}
