using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// Restores route values that contain an encoded slash. Kestrel decodes everything in a path except <c>%2F</c>, so <c>a%2Fb</c>
/// in a route value may mean "a/b" (sent as <c>a%2Fb</c>) or "a%2Fb" (sent as <c>a%252Fb</c>); only the raw request target
/// shows which.
/// </summary>
internal static class PathValues
{
    private const string EncodedSlash = "%2F";

    public static void UseDecodedPathValues(this WebApplication app) => app.Use((context, next) =>
    {
        if (HasEncodedSlash(context.Request.Path.Value)
            && context.GetEndpoint() is RouteEndpoint { RoutePattern: var pattern }
            && context.Features.Get<IHttpRequestFeature>() is { } request)
        {
            Decode(context.Request.RouteValues, pattern, request.RawTarget);
        }

        return next(context);
    });

    private static void Decode(RouteValueDictionary values, RoutePattern pattern, string target)
    {
        // Counted from the end, because a target may begin with a host or a path base.
        var sent = target.Split('?')[0].TrimEnd('/').Split('/');
        var first = sent.Length - pattern.PathSegments.Count;
        for (var i = Math.Max(0, -first); i < pattern.PathSegments.Count; i++)
        {
            if (pattern.PathSegments[i].Parts is [RoutePatternParameterPart { Name: var name }]
                && values[name] is string value
                && HasEncodedSlash(value)
                && value.Equals(AsKestrelDecodes(sent[first + i]), StringComparison.OrdinalIgnoreCase))
            {
                values[name] = Uri.UnescapeDataString(sent[first + i]);
            }
        }
    }

    private static bool HasEncodedSlash(string? text) => text?.Contains(EncodedSlash, StringComparison.OrdinalIgnoreCase) is true;

    private static string AsKestrelDecodes(string segment) =>
        Uri.UnescapeDataString(segment.Replace(EncodedSlash, "%252F", StringComparison.OrdinalIgnoreCase));
}
