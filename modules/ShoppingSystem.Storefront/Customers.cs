using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;

namespace ShoppingSystem.Storefront;

/// <summary>
/// Optional sign-in. With <c>Authentication:Authority</c> configured, customers can buy and read only for themselves: the user
/// of a request must be the subject (<c>sub</c>) of its token. The host chooses the scheme that reads the token.
/// </summary>
internal static class Customers
{
    private const string AuthorityKey = $"{SignInOptions.Section}:{nameof(SignInOptions.Authority)}";

    public static void AddCustomers(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<SignInOptions>().BindConfiguration(SignInOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        if (IsSignInOn(builder.Configuration))
        {
            builder.Services.AddAuthorization();
            builder.Services.AddSingleton<IAuthorizationMiddlewareResultHandler, ProblemForRefusedToken>();
            builder.Services.ConfigureAll<OpenApiOptions>(docs => docs.AddDocumentTransformer(DescribeSignIn));
        }
    }

    /// <summary>
    /// Reads the tokens of requests, where sign-in is on. Call it before mapping the endpoints that
    /// <see cref="RequireCustomer"/>.
    /// </summary>
    public static void UseCustomers(this WebApplication app)
    {
        if (!IsSignInOn(app.Configuration))
        {
            return;
        }

        if (app.Services.GetService<IAuthenticationSchemeProvider>() is null)
        {
            throw new OptionsValidationException(AuthorityKey, typeof(SignInOptions), [$"{AuthorityKey} is set, but this host has no sign-in."]);
        }

        // Without these calls, WebApplication adds both in front of everything else, where a refusal gets no problem body and no headers.
        app.UseAuthentication();
        app.UseAuthorization();
    }

    /// <summary>Where sign-in is on: 401 without a valid token, 403 for another customer's purchases.</summary>
    public static RouteGroupBuilder RequireCustomer(this RouteGroupBuilder group, WebApplication app)
    {
        if (!IsSignInOn(app.Configuration))
        {
            return group;
        }

        group.RequireAuthorization()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        // A request without a user is refused later by the rules, which name the field.
        group.AddEndpointFilter(async (context, next) => UserOf(context) is not { } userId || context.HttpContext.User.FindFirst("sub")?.Value == userId
            ? await next(context)
            : TypedResults.Problem("These purchases belong to another user.", statusCode: StatusCodes.Status403Forbidden));
        return group;
    }

    private static bool IsSignInOn(IConfiguration configuration) => configuration[AuthorityKey] is not null;

    private static string? UserOf(EndpointFilterInvocationContext context) =>
        context.HttpContext.GetRouteValue("userid") as string
        ?? context.Arguments.OfType<BuyRequest>().FirstOrDefault()?.User.Id;

    private static Task DescribeSignIn(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        const string Scheme = "Bearer";
        document.AddComponent<IOpenApiSecurityScheme>(Scheme, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            BearerFormat = "JWT",
            Description = "A token of the customer's; its subject (sub) is the user id.",
        });
        (document.Security ??= []).Add(new() { [new OpenApiSecuritySchemeReference(Scheme, document)] = [] });
        return Task.CompletedTask;
    }

    // Keeps the answer of the scheme (the status, WWW-Authenticate) and adds a body for people.
    private sealed class ProblemForRefusedToken : IAuthorizationMiddlewareResultHandler
    {
        private readonly AuthorizationMiddlewareResultHandler _default = new();

        public async Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
        {
            await _default.HandleAsync(next, context, policy, authorizeResult);
            if (authorizeResult.Challenged && !context.Response.HasStarted && context.Response.StatusCode is StatusCodes.Status401Unauthorized)
            {
                await TypedResults.Problem("You have to sign in to buy and to see purchases.", statusCode: StatusCodes.Status401Unauthorized)
                    .ExecuteAsync(context);
            }
        }
    }
}
