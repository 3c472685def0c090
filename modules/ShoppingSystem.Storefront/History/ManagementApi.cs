using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Mime;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ShoppingSystem.Storefront;

/// <summary>The client of the management API: forwards requests to it, and its answers unchanged to the customer.</summary>
internal sealed partial class ManagementApi(HttpClient http, ILogger<ManagementApi> logger)
{
    public const string ApiKeyHeader = "X-API-Key";

    private const int BufferSize = 16 * 1024;

    /// <summary>
    /// Answers <paramref name="context"/> with the management API's answer to the same query at <paramref name="path"/>. A
    /// refusal of the request (400, 414) is passed on; any other failure, and an answer that is not from the management API,
    /// becomes 503 with <c>Retry-After</c>. If the answer breaks off or stalls after it has started, the customer's answer is
    /// aborted, too.
    /// </summary>
    public async Task<IResult> ForwardAsync(string path, HttpContext context)
    {
        HttpResponseMessage reply;
        try
        {
            reply = await http.GetAsync(path + context.Request.QueryString, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        }
        catch (Exception e) when (IsAway(e, context))
        {
            LogUnreachable(logger, e.Message);
            return Unavailable();
        }

        using (reply)
        {
            // The client library may encode more characters of the query, which makes it longer than the received one.
            if (reply.StatusCode is HttpStatusCode.RequestUriTooLong)
            {
                return Results.Problem(statusCode: StatusCodes.Status414UriTooLong);
            }

            // Any other answer does not come from the management API, but from something else at its address.
            var type = reply.Content.Headers.ContentType;
            if ((reply.StatusCode, type?.MediaType) is not ((HttpStatusCode.OK, MediaTypeNames.Application.Json) or (HttpStatusCode.BadRequest, MediaTypeNames.Application.ProblemJson)))
            {
                LogUnexpected(logger, (int)reply.StatusCode, type);
                return Unavailable();
            }

            context.Response.StatusCode = (int)reply.StatusCode;
            context.Response.ContentType = type?.ToString();
            context.Response.ContentLength = reply.Content.Headers.ContentLength;
            if (NextPage(reply.Headers) is { } query)
            {
                // Relative to the request's URL, so that it also works where a proxy has changed the path.
                context.Response.Headers.Link = $"<{query}>; rel=\"next\"";
            }

            try
            {
                await CopyAsync(reply.Content, context);
            }
            catch (Exception e) when (IsAway(e, context))
            {
                LogUnreachable(logger, e.Message);
                if (!context.Response.HasStarted)
                {
                    context.Response.Clear();
                    return Unavailable();
                }

                // Aborted, because a normal end would make the incomplete reply look complete.
                context.Abort();
            }

            return Results.Empty;
        }
    }

    // The HttpClient's timeout covers only the time until the headers, so each read gets its own. It does not limit writes to a
    // slow customer: the server has its own limit for these.
    private async Task CopyAsync(HttpContent content, HttpContext context)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        await using var body = await content.ReadAsStreamAsync(timeout.Token);
        using var buffer = MemoryPool<byte>.Shared.Rent(BufferSize);
        while (true)
        {
            timeout.CancelAfter(http.Timeout);
            var read = await body.ReadAsync(buffer.Memory, timeout.Token);
            timeout.CancelAfter(Timeout.InfiniteTimeSpan);
            if (read == 0)
            {
                return;
            }

            await context.Response.Body.WriteAsync(buffer.Memory[..read], context.RequestAborted);
        }
    }

    private static bool IsAway(Exception e, HttpContext context) =>
        e is HttpRequestException or IOException or OperationCanceledException && !context.RequestAborted.IsCancellationRequested;

    // The management API's link is <?query>; rel="next". If it also has a path, that path is not valid here; only the query is.
    private static string? NextPage(HttpResponseHeaders headers) =>
        headers.TryGetValues("Link", out var links)
        && links.FirstOrDefault() is { } link
        && link.IndexOf('?') is var start and >= 0
        && link.IndexOf('>', start) is var end and >= 0
            ? link[start..end]
            : null;

    private static IResult Unavailable() =>
        Results.Problem("The purchase history is not available right now.", statusCode: StatusCodes.Status503ServiceUnavailable);

    [LoggerMessage(LogLevel.Warning, "The management API can't be reached: {Reason}")]
    private static partial void LogUnreachable(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Error, "The management API answered {StatusCode} ({ContentType})")]
    private static partial void LogUnexpected(ILogger logger, int statusCode, MediaTypeHeaderValue? contentType);
}
