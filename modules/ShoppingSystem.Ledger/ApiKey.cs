using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ShoppingSystem.Ledger;

internal static class ApiKey
{
    public const string Header = "X-API-Key";

    /// <summary>Where a key is configured, requests must carry it in <c>X-API-Key</c>; others are refused with 401.</summary>
    public static RouteGroupBuilder RequireApiKey(this RouteGroupBuilder group, string? key)
    {
        if (string.IsNullOrEmpty(key))
        {
            return group;
        }

        var expected = Hash(key);
        group.ProducesProblem(StatusCodes.Status401Unauthorized);
        group.AddEndpointFilter((context, next) =>
            CryptographicOperations.FixedTimeEquals(expected, Hash(context.HttpContext.Request.Headers[Header].ToString()))
                ? next(context)
                : ValueTask.FromResult<object?>(TypedResults.Problem(
                    $"The {Header} header does not carry the right key.", statusCode: StatusCodes.Status401Unauthorized)));
        return group;
    }

    // Hashed, so that comparing takes the same time whatever the length of what was sent.
    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
