using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ShoppingSystem.Ledger;

internal static class ApiKey
{
    public const string Header = "X-API-Key";

    /// <summary>
    /// Where a key is configured, every endpoint wants it in <c>X-API-Key</c> and answers 401 without, except those that are
    /// open by name (<see cref="IAllowAnonymous"/>): the probes and the API's description. The page is open too; what it
    /// shows it has to ask for with the key.
    /// </summary>
    public static void UseApiKey(this WebApplication app, string? key)
    {
        if (string.IsNullOrEmpty(key))
        {
            return;
        }

        var expected = Hash(key);
        app.Use((context, next) =>
            context.GetEndpoint() is { } endpoint
            && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null
            && !CryptographicOperations.FixedTimeEquals(expected, Hash(context.Request.Headers[Header].ToString()))
                ? TypedResults.Problem($"The {Header} header does not carry the right key.", statusCode: StatusCodes.Status401Unauthorized)
                    .ExecuteAsync(context)
                : next(context));
    }

    // Hashed, so that comparing takes the same time whatever the length of what was sent.
    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
