using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Ledger;

/// <summary>
/// <c>/-/histories</c>, which the web server asks for its own readiness: can whoever asks have histories? It takes a key where
/// histories do, and reads one as they are read, so that it says no for whatever reason they can't be had.
/// </summary>
internal static class HistoryProbe
{
    // No purchase has it: an id has at least one character.
    private const string NoUser = "";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public static void MapHistoryProbe(this IEndpointRouteBuilder app) =>
        app.MapGet("/-/histories", AskAsync).DisableHttpMetrics().ExcludeFromDescription();

    private static async Task<StatusCodeHttpResult> AskAsync(IPurchaseStore store, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await store.ReadHistoryAsync(NoUser, 1, cancellationToken: patience.Token).AsTask().WaitAsync(patience.Token);
            return TypedResults.StatusCode(StatusCodes.Status204NoContent);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }
    }
}
