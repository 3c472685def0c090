using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

internal static class HistoryEndpoints
{
    public static void MapHistory(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("").WithTags("History").ProducesValidationProblem();

        group.MapGet("/v1/purchases/{userid}", (
                [Length(1, PurchaseRules.MaxTextLength)] string userid, [Range(1, PageLimits.Max), DefaultValue(PageLimits.Default)] int? limit, string? before,
                GuardedStore store, HttpContext context, CancellationToken cancellationToken) =>
                ReadAsync(("userid", userid), limit ?? PageLimits.Default, before, PurchaseV1.From, store, context, cancellationToken))
            .WithSummary("A user's purchases, newest first")
            .WithDescription("While there are more than `limit`, the Link header names the next page.");

        group.MapGet("/purchases", (
                [FromQuery, Required, Length(1, PurchaseRules.MaxTextLength)] string? userId,
                [Range(1, PageLimits.Max), DefaultValue(PageLimits.DefaultClassic)] int? limit, string? before,
                GuardedStore store, HttpContext context, CancellationToken cancellationToken) =>
                ReadAsync(("userId", userId), limit ?? PageLimits.DefaultClassic, before, PurchaseClassic.From, store, context, cancellationToken))
            .WithSummary("A user's purchases, newest first (classic)")
            .WithDescription("While there are more than `limit`, the Link header names the next page.");

        group.MapGet("/purchases/{userId}", (
                [Length(1, PurchaseRules.MaxTextLength)] string userId, [Range(1, PageLimits.Max), DefaultValue(PageLimits.DefaultClassic)] int? limit, string? before,
                GuardedStore store, HttpContext context, CancellationToken cancellationToken) =>
                ReadAsync(("userId", userId), limit ?? PageLimits.DefaultClassic, before, PurchaseClassic.From, store, context, cancellationToken))
            .WithSummary("A user's purchases, newest first (classic)")
            .WithDescription("The same with the user in the path.");

        group.MapGet("/v1/users/{userid}/summary", async Task<Results<Ok<SummaryV1>, ValidationProblem>> (
            [Length(1, PurchaseRules.MaxTextLength)] string userid, GuardedStore store, CancellationToken cancellationToken) =>
            PurchaseRules.CheckText(userid) is { } complaint
                ? TypedResults.ValidationProblem([new("userid", [complaint])])
                : TypedResults.Ok(SummaryV1.From(await store.SummarizeAsync(userid, cancellationToken))))
            .WithSummary("A user's purchases in figures");
    }

    private static async Task<Results<Ok<IReadOnlyList<TEntry>>, ValidationProblem>> ReadAsync<TEntry>(
        (string Field, string? Value) userId, int limit, string? before, Func<Purchase, TEntry> show,
        GuardedStore store, HttpContext context, CancellationToken cancellationToken)
    {
        // Joined by a comma, two values would look like one user whose id contains a comma.
        var isTwice = !context.Request.RouteValues.ContainsKey(userId.Field) && context.Request.Query[userId.Field].Count > 1;
        if (Pages.Check(limit, before, out var cursor, (userId.Field, isTwice ? "is given twice" : PurchaseRules.CheckText(userId.Value))) is { } problems)
        {
            return TypedResults.ValidationProblem(problems);
        }

        var page = await store.ReadHistoryAsync(userId.Value!, limit, cursor, cancellationToken);
        context.LinkNextPage(limit, page.Next);
        IReadOnlyList<TEntry> entries = [.. page.Purchases.Select(show)];
        return TypedResults.Ok(entries);
    }
}
