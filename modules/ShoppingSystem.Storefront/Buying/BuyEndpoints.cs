using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Storefront;

internal static class BuyEndpoints
{
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
        PrepareJson(app.Services.GetRequiredService<IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>>().Value.SerializerOptions);
        // Resolved once: resolving it per request would need a service scope for each.
        var checkout = app.Services.GetRequiredService<Checkout>();
        var group = app.MapGroup("/api").WithTags("Buying").RequireAdmission("Buying").RequireCustomer(app)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

        group.MapPost("/v1/buy", (
                BuyRequestV1 body,
                [FromHeader(Name = "Idempotency-Key"), Length(1, PurchaseRules.MaxTextLength), Description(BuyRequest.KeyDescription)] string? idempotencyKey) =>
                BuyAsync(checkout, body, idempotencyKey, purchase =>
                    TypedResults.Accepted((string?)null, new BuyReplyV1("success", "Purchase recorded", PurchaseV1.From(purchase)))))
            .WithSummary("Buy")
            .WithDescription("""
                Acknowledged once the purchase is durable; it shows up in the history moments later. Whatever is not acknowledged may be
                tried again under the same Idempotency-Key, which stands for this one purchase: with another it is refused (422).
                """);

        group.MapPost("/buy", (
                BuyRequestClassic body,
                [FromHeader(Name = "Idempotency-Key"), Length(1, PurchaseRules.MaxTextLength), Description(BuyRequest.KeyDescription)] string? idempotencyKey) =>
                BuyAsync(checkout, body, idempotencyKey, purchase =>
                    TypedResults.Ok(new BuyReplyClassic("Purchase request sent successfully", purchase.Id))))
            .WithSummary("Buy (classic)")
            .WithDescription("The same in the classic dialect.");
    }

    // The serializer prepares itself for a type when it first meets it. Here no customer waits for that.
    private static void PrepareJson(JsonSerializerOptions json)
    {
        var purchase = new Purchase(PurchaseId.New(DateTimeOffset.UnixEpoch), "1", "Ada", 1, "tea", DateTimeOffset.UnixEpoch);
        JsonSerializer.Deserialize<BuyRequestV1>("""{"username":"Ada","userid":"1","price":1,"item":"tea"}""", json);
        JsonSerializer.Serialize(new BuyReplyV1("", "", PurchaseV1.From(purchase)), json);
        JsonSerializer.Deserialize<BuyRequestClassic>("""{"username":"Ada","userId":"1","price":1,"item":"tea"}""", json);
        JsonSerializer.Serialize(new BuyReplyClassic("", purchase.Id), json);
        PurchaseEvent.ToBytes(purchase);
    }

    private static async ValueTask<Results<TReply, ValidationProblem, ProblemHttpResult>> BuyAsync<TReply>(
        Checkout checkout, BuyRequest request, string? idempotencyKey, Func<Purchase, TReply> acknowledge)
        where TReply : IResult => await checkout.BuyAsync(request, idempotencyKey) switch
        {
            BuyOutcome.Bought(var purchase) => acknowledge(purchase),
            BuyOutcome.Invalid(var problems) => TypedResults.ValidationProblem(problems),
            BuyOutcome.KeyTaken => TypedResults.Problem(
                "This Idempotency-Key was used for a purchase with another username, price or item. Repeat that one as it was, or buy under a key of its own.",
                statusCode: StatusCodes.Status422UnprocessableEntity),
            BuyOutcome.NotDurable(var reason) => TypedResults.Problem(
                $"The purchase could not be made durable in time and is not acknowledged{(reason is null ? "" : $": {reason}")}. Try again under the same Idempotency-Key.",
                statusCode: StatusCodes.Status503ServiceUnavailable),
            _ => throw new UnreachableException(),
        };
}
