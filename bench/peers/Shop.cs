using System.Diagnostics;

namespace Peers;

// What every peer has: the same request, the same event and reply, and what the scripts ask for. Public, because Wolverine compiles
// code against them.

/// <summary>The body of <c>POST /api/v1/buy</c>.</summary>
public sealed record Buy(string? Username, string? Userid, decimal Price, string? Item);

/// <summary>A purchase, as it is published and stored. <c>Timestamp</c> is in seconds since 1970, UTC.</summary>
public sealed record Purchase(Guid Id, string Username, string Userid, decimal Price, string? Item, double Timestamp);

/// <summary>The reply to a purchase.</summary>
public sealed record Reply(string Status, string Message, Purchase Data);

internal static class Shop
{
    /// <returns>Null when the request can't be a purchase.</returns>
    public static Purchase? ToPurchase(this Buy buy) => string.IsNullOrWhiteSpace(buy.Username) || string.IsNullOrWhiteSpace(buy.Userid) || buy.Price <= 0
        ? null
        : new(Guid.CreateVersion7(), buy.Username, buy.Userid, buy.Price, buy.Item, (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds);

    public static IResult Refused() => Results.Problem("username, userid and a price above 0 are needed", statusCode: StatusCodes.Status400BadRequest);

    public static IResult Accepted(Purchase purchase) =>
        Results.Json(new Reply("success", "Purchase recorded", purchase), statusCode: StatusCodes.Status202Accepted);

    /// <summary><c>/alive</c>, and <c>/process</c>: CPU time in microseconds, bytes allocated and bytes resident so far.</summary>
    public static void MapMeasured(this WebApplication app)
    {
        app.MapGet("/alive", () => "alive");
        app.MapGet("/process", () =>
        {
            using var process = Process.GetCurrentProcess();
            return FormattableString.Invariant($"{process.TotalProcessorTime.TotalMicroseconds:F0} {GC.GetTotalAllocatedBytes(precise: true)} {process.WorkingSet64}\n");
        });
    }
}
