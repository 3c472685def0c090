using System.Globalization;
using Microsoft.AspNetCore.Http;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>Lists that are read page by page: <c>limit</c>, <c>before</c>, and the <c>Link</c> header that leads on.</summary>
internal static class Pages
{
    /// <summary>The place to read on from, null for the beginning. What is wrong with the parameters is added to <paramref name="problems"/>.</summary>
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

    /// <summary>Has the reply name the page that begins at <paramref name="next"/>; where it is null this was the last one.</summary>
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

        // Relative to what was asked for: the path stays as it came, whatever a proxy made of it on the way.
        context.Response.Headers.Link = $"<{query}>; rel=\"next\"";
    }
}
