using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Polly.CircuitBreaker;

namespace ShoppingSystem.Ledger;

internal static partial class StoreUnavailable
{
    /// <summary>
    /// The endpoints of this group only query the store. When that fails, the request was valid and may be repeated, so the
    /// answer is 503 with <c>Retry-After</c>.
    /// </summary>
    public static RouteGroupBuilder AnswerStoreFailures(this RouteGroupBuilder group)
    {
        group.ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        group.AddEndpointFilter(async (context, next) =>
        {
            var http = context.HttpContext;
            try
            {
                return await next(context);
            }
            catch (Exception e) when (e is not BadHttpRequestException && !http.RequestAborted.IsCancellationRequested)
            {
                // The circuit breaker has already logged that it is open.
                if (e is not BrokenCircuitException)
                {
                    LogStoreFailed(http.RequestServices.GetRequiredService<ILogger<Recorder>>(), e, Route(http));
                }

                return TypedResults.Problem("The record of purchases is not available right now.", statusCode: StatusCodes.Status503ServiceUnavailable);
            }
        });
        return group;
    }

    // The route's pattern, because the request's path contains the user's id.
    private static string? Route(HttpContext context) => (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;

    [LoggerMessage(LogLevel.Error, "{Route} could not be answered: the store failed")]
    private static partial void LogStoreFailed(ILogger logger, Exception e, string? route);
}
