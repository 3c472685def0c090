using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.OpenApi;

namespace ShoppingSystem.Ledger;

internal static partial class ApiKey
{
    public const string Header = "X-API-Key";

    private const string Key = "Management:ApiKey";

    /// <summary>Makes the API's description say that a key is required, where one is configured.</summary>
    public static void AddApiKey(this IHostApplicationBuilder builder)
    {
        if (IsConfigured(builder.Configuration, out _))
        {
            builder.Services.ConfigureAll<OpenApiOptions>(docs => docs.AddDocumentTransformer(Describe));
        }
    }

    /// <summary>
    /// Where a key is configured, every endpoint requires it in <c>X-API-Key</c> and answers 401 without it. The exceptions are
    /// marked (<see cref="IAllowAnonymous"/>): the probes and the API's description. The page itself is open too, but it needs
    /// the key for the data that it shows. Where no key is configured, a warning is logged if other machines can reach the
    /// service.
    /// </summary>
    public static void UseApiKey(this WebApplication app)
    {
        if (!IsConfigured(app.Configuration, out var key))
        {
            app.Lifetime.ApplicationStarted.Register(() => WarnOfOthers(app));
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

    /// <summary>Makes the description of the endpoints say that they answer 401, where a key is configured.</summary>
    public static RouteGroupBuilder DescribeApiKey(this RouteGroupBuilder group, WebApplication app) =>
        IsConfigured(app.Configuration, out _) ? group.ProducesProblem(StatusCodes.Status401Unauthorized) : group;

    private static void WarnOfOthers(WebApplication app)
    {
        var open = app.Urls.Where(url => !Uri.TryCreate(url, UriKind.Absolute, out var address) || !address.IsLoopback).ToList();
        if (open.Count > 0)
        {
            LogOpenToOthers(app.Logger, string.Join(", ", open));
        }
    }

    private static bool IsConfigured(IConfiguration configuration, [NotNullWhen(true)] out string? key) =>
        (key = configuration[Key]) is not null;

    private static Task Describe(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        const string Scheme = "ApiKey";
        document.AddComponent<IOpenApiSecurityScheme>(Scheme, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.ApiKey,
            In = ParameterLocation.Header,
            Name = Header,
            Description = $"The key that the service is configured with ({Key}).",
        });
        (document.Security ??= []).Add(new() { [new OpenApiSecuritySchemeReference(Scheme, document)] = [] });
        return Task.CompletedTask;
    }

    [LoggerMessage(LogLevel.Warning, "No key is configured (Management:ApiKey): whoever reaches {Addresses} can read all purchases and drop dead letters")]
    private static partial void LogOpenToOthers(ILogger logger, string addresses);

    // Hashed, so that the time of the comparison does not depend on the length of the received key.
    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
