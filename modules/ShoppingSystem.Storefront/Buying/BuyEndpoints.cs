using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Storefront;

internal static class BuyEndpoints
{
    private const string RetryAfterSeconds = "1";

    public static void AddBuying(this IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton<Signals>();
        builder.Services.AddSingleton<IdempotencyKeys>();
        builder.Services.AddSingleton<Checkout>();
        builder.Services.AddSingleton<RefusalLog>();
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.AllowDuplicateProperties = false;
            PurchaseJson.MakeReadable(json.SerializerOptions);
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, BuyingJson.Default);
        });
    }

    public static void MapBuying(this WebApplication app)
    {
        // Resolved once: resolving them per request would need a service scope for each.
        var checkout = app.Services.GetRequiredService<Checkout>();
        var signals = app.Services.GetRequiredService<Signals>();
        var refusals = app.Services.GetRequiredService<RefusalLog>();
        var group = app.MapGroup("/api").WithTags("Buying").RequireAdmission("Buying").RequireCustomer(app)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

        group.MapPost("/v1/buy", (
            BuyRequestV1 body,
            [FromHeader(Name = "Idempotency-Key"), Length(1, PurchaseRules.MaxTextLength), Description(BuyRequests.KeyDescription)] string? idempotencyKey,
            HttpResponse response) => BuyAsync(
                body.Username, ("userid", body.UserId), body.Price, body.Item, idempotencyKey, checkout, response, signals, refusals,
                purchase => TypedResults.Accepted((string?)null, new BuyReplyV1("success", "Purchase recorded", PurchaseV1.From(purchase)))))
        .WithSummary("Buy")
        .WithDescription("""
            Acknowledged once the purchase is durable; it shows up in the history moments later. Whatever is not acknowledged may be
            tried again under the same Idempotency-Key, which stands for this one purchase: with another it is refused (422).
            """);

        group.MapPost("/buy", (
            BuyRequestClassic body,
            [FromHeader(Name = "Idempotency-Key"), Length(1, PurchaseRules.MaxTextLength), Description(BuyRequests.KeyDescription)] string? idempotencyKey,
            HttpResponse response) => BuyAsync(
                body.Username, ("userId", body.UserId), body.Price, body.Item, idempotencyKey, checkout, response, signals, refusals,
                purchase => TypedResults.Ok(new BuyReplyClassic("Purchase request sent successfully", purchase.Id))))
        .WithSummary("Buy (classic)")
        .WithDescription("The same in the classic dialect.");
    }

    // The dialects differ in the name of the user's field and in how they acknowledge.
    private static async ValueTask<Results<TReply, ValidationProblem, ProblemHttpResult>> BuyAsync<TReply>(
        string? username, (string Field, string? Value) userId, decimal? price, string? item, string? idempotencyKey,
        Checkout checkout, HttpResponse response, Signals signals, RefusalLog refusals, Func<Purchase, TReply> acknowledge)
        where TReply : IResult
    {
        price = PurchaseRules.WithoutNoise(price);
        if (Checkout.Check(username, userId, price, item, idempotencyKey) is { } problems)
        {
            return TypedResults.ValidationProblem(problems);
        }

        try
        {
            if (checkout.Begin(username!, userId.Value!, price!.Value, item, idempotencyKey) is not { } sale)
            {
                return KeyIsTaken();
            }

            var (purchase, durable, isRepeated) = sale;
            await durable;
            if (!isRepeated)
            {
                signals.Accepted.Add(1);
            }

            return acknowledge(purchase);
        }
        catch (PurchaseLogUnavailableException e)
        {
            refusals.Note(e.Message);
            return Unavailable(e.PublicReason, response);
        }
    }

    private static ProblemHttpResult KeyIsTaken() => TypedResults.Problem(
        "This Idempotency-Key was used for a purchase with another username, price or item. Repeat that one as it was, or buy under a key of its own.",
        statusCode: StatusCodes.Status422UnprocessableEntity);

    private static ProblemHttpResult Unavailable(string? reason, HttpResponse response)
    {
        response.Headers.RetryAfter = RetryAfterSeconds;
        return TypedResults.Problem(
            $"The purchase could not be made durable in time and is not acknowledged{(reason is null ? "" : $": {reason}")}. Try again under the same Idempotency-Key.",
            statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
