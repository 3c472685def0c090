using System.Globalization;
using Microsoft.AspNetCore.Http;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>
/// Lists that are read page by page: <c>limit</c>, <c>before</c>, and the <c>Link</c> header that points to the next page.
/// </summary>
internal static class Pages
{
    /// <summary>Checks <paramref name="limit"/> and <paramref name="before"/>, together with the fields that a list has besides.</summary>
    /// <param name="limit">The most entries of a page.</param>
    /// <param name="before">The cursor of a Link header; null for the beginning.</param>
    /// <param name="cursor">The place to read on from; null for the beginning.</param>
    /// <param name="others">What the checks of other fields found.</param>
    /// <returns>What is wrong, by field; null when nothing is.</returns>
    public static Dictionary<string, string[]>? Check(int limit, string? before, out PageCursor? cursor, params ReadOnlySpan<(string Field, string? Complaint)> others)
    {
        cursor = PageCursor.TryParse(before, out var place) ? place : null;
        return PurchaseRules.Collect(
            [.. others, ("limit", PageLimits.Check(limit)), ("before", cursor is null && before is not null ? "is not a cursor from a Link header" : null)]);
    }

    /// <summary>Adds the link to the page that begins at <paramref name="next"/>; null means that this page is the last.</summary>
    public static void LinkNextPage(this HttpContext context, int limit, PageCursor? next)
    {
        if (next is null)
        {
            return;
        }

        var query = QueryString.Create(
            context.Request.Query.Where(parameter => parameter.Key is not ("limit" or "before"))
                .Append(new("limit", limit.ToString(CultureInfo.InvariantCulture)))
                .Append(new("before", next.ToString())));

        // Relative to the request's URL, so that it also works where a proxy has changed the path.
        context.Response.Headers.Link = $"<{query}>; rel=\"next\"";
    }
}
