using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>
/// <c>/-/histories</c>, which the web server calls for its own readiness: can this caller read histories? The probe requires
/// the key, as histories do, and reads one history in the same way, so that it fails for every reason for which a history can't
/// be read.
/// </summary>
internal static class HistoryProbe
{
    // No purchase has this user: an id has at least one character.
    private const string NoUser = "";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    public static void MapHistoryProbe(this IEndpointRouteBuilder app) =>
        app.MapGet("/-/histories", AskAsync).DisableHttpMetrics().ExcludeFromDescription();

    private static async Task<StatusCodeHttpResult> AskAsync(IPurchaseStore store, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        try
        {
            await store.ReadHistoryAsync(NoUser, 1, cancellationToken: timeout.Token).AsTask().WaitAsync(timeout.Token);
            return TypedResults.StatusCode(StatusCodes.Status204NoContent);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }
    }
}
