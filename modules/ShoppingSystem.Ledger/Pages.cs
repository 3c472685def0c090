using System.Globalization;
using Microsoft.AspNetCore.Http;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>
/// Lists that are read page by page: <c>limit</c>, <c>before</c>, and the <c>Link</c> header that points to the next page.
/// </summary>
internal static class Pages
{
    /// <summary>
    /// The place to read on from; null for the beginning. Errors in the parameters are added to <paramref name="problems"/>.
    /// </summary>
    public static PageCursor? Check(int limit, string? before, Dictionary<string, string[]> problems)
    {
        if (PageLimits.Check(limit) is { } complaint)
        {
            problems["limit"] = [complaint];
        }

        if (before is null)
        {
            return null;
        }

        if (!PageCursor.TryParse(before, out var cursor))
        {
            problems["before"] = ["is not a cursor from a Link header"];
        }

        return cursor;
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
