using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace ShoppingSystem.Storefront;

/// <summary>The management API as the storefront sees it: asked for what it knows, its answers passed on as they come.</summary>
internal sealed partial class ManagementApi(HttpClient http, ILogger<ManagementApi> logger)
{
    public const string ApiKeyHeader = "X-API-Key";

    /// <summary>
    /// Answers <paramref name="context"/> with what the management API answers at <paramref name="path"/> to the same query.
    /// A refusal of the request (400, 414) is passed on; any other failure becomes 503 with <c>Retry-After</c>.
    /// </summary>
    public async Task<IResult> ForwardAsync(string path, HttpContext context)
    {
        HttpResponseMessage reply;
        try
        {
            reply = await http.GetAsync(path + context.Request.QueryString, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !context.RequestAborted.IsCancellationRequested)
        {
            LogUnreachable(logger, e.Message);
            return Unavailable(context.Response);
        }

        using (reply)
        {
            // Encoded by the client library, a query can become longer than it came.
            if (reply.StatusCode is HttpStatusCode.RequestUriTooLong)
            {
                return Results.Problem(statusCode: StatusCodes.Status414UriTooLong);
            }

            if (reply.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.BadRequest))
            {
                LogUnexpected(logger, (int)reply.StatusCode);
                return Unavailable(context.Response);
            }

            context.Response.StatusCode = (int)reply.StatusCode;
            context.Response.ContentType = reply.Content.Headers.ContentType?.ToString();
            context.Response.ContentLength = reply.Content.Headers.ContentLength;
            if (NextPage(reply.Headers) is { } query)
            {
                // The path as it came: decoded and encoded again, a user id with a percent sign in it could become another.
                var own = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?')[0];
                context.Response.Headers.Link = $"<{own}{query}>; rel=\"next\"";
            }

            await reply.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
            return Results.Empty;
        }
    }

    // The management API's link is <path?query>; rel="next": of it, only the query holds here too.
    private static string? NextPage(HttpResponseHeaders headers) =>
        headers.TryGetValues("Link", out var links)
        && links.FirstOrDefault() is { } link
        && link.IndexOf('?') is var start and >= 0
        && link.IndexOf('>', start) is var end and >= 0
            ? link[start..end]
            : null;

    private static IResult Unavailable(HttpResponse response)
    {
        response.Headers.RetryAfter = "1";
        return Results.Problem("The purchase history is not available right now.", statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    [LoggerMessage(LogLevel.Warning, "The management API can't be reached: {Reason}")]
    private static partial void LogUnreachable(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Error, "The management API answered {StatusCode}")]
    private static partial void LogUnexpected(ILogger logger, int statusCode);
}
