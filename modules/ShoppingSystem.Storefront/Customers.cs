using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ShoppingSystem.Storefront;

/// <summary>
/// Optional sign-in. With <c>Authentication:Authority</c> configured, customers buy and read as themselves only: the user of
/// a request must be the subject (<c>sub</c>) of its token. Which scheme reads the token is the host's choice.
/// </summary>
internal static class Customers
{
    private const string AuthorityKey = "Authentication:Authority";

    public static void AddCustomers(this IHostApplicationBuilder builder)
    {
        if (IsSignInOn(builder.Configuration))
        {
            builder.Services.AddAuthorization();
            builder.Services.AddSingleton<IAuthorizationHandler, AsThemselvesHandler>();
        }
    }

    /// <summary>Where sign-in is on: 401 without a valid token, 403 for anybody else's purchases.</summary>
    public static RouteGroupBuilder RequireCustomer(this RouteGroupBuilder group, WebApplication app)
    {
        if (!IsSignInOn(app.Configuration))
        {
            return group;
        }

        if (app.Services.GetService<IAuthenticationSchemeProvider>() is null)
        {
            throw new OptionsValidationException(AuthorityKey, typeof(Customers), [$"{AuthorityKey} is set, but this host has no sign-in."]);
        }

        group.RequireAuthorization()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        group.AddEndpointFilter(async (context, next) =>
        {
            // A request that names no user is refused by the rules, with the field named.
            if (UserOf(context) is not { } userId)
            {
                return await next(context);
            }

            var authorization = context.HttpContext.RequestServices.GetRequiredService<IAuthorizationService>();
            return await authorization.AuthorizeAsync(context.HttpContext.User, userId, AsThemselves.Requirement) is { Succeeded: true }
                ? await next(context)
                : TypedResults.Problem("These purchases are somebody else's.", statusCode: StatusCodes.Status403Forbidden);
        });
        return group;
    }

    private static bool IsSignInOn(IConfiguration configuration) => !string.IsNullOrEmpty(configuration[AuthorityKey]);

    private static string? UserOf(EndpointFilterInvocationContext context) =>
        context.HttpContext.GetRouteValue("userid") as string
        ?? context.Arguments.OfType<IOfUser>().FirstOrDefault()?.UserId;

    private sealed class AsThemselves : IAuthorizationRequirement
    {
        public static readonly AsThemselves Requirement = new();
    }

    private sealed class AsThemselvesHandler : AuthorizationHandler<AsThemselves, string>
    {
        protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, AsThemselves requirement, string userId)
        {
            if (context.User.FindFirst("sub")?.Value == userId)
            {
                context.Succeed(requirement);
            }

            return Task.CompletedTask;
        }
    }
}

/// <summary>A request body that says for which user it is.</summary>
internal interface IOfUser
{
    string? UserId { get; }
}
