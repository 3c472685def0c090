using Microsoft.AspNetCore.Authentication.JwtBearer;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Storefront;

namespace ShoppingSystem.WebServer;

/// <summary>Identifies customers by the bearer tokens of an OpenID Connect issuer. The storefront decides what a customer may do.</summary>
internal static partial class SignIn
{
    /// <summary>Reads bearer tokens, where an authority is configured.</summary>
    /// <exception cref="ConfigurationException">A setting can't be used; the message names its key.</exception>
    public static void AddSignIn(this WebApplicationBuilder builder)
    {
        var signIn = builder.Configuration.Read<SignInOptions>(SignInOptions.Section);
        if (!signIn.IsOn)
        {
            return;
        }

        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(bearer =>
        {
            bearer.Authority = signIn.Authority;
            bearer.Audience = signIn.Audience;
            bearer.RequireHttpsMetadata = signIn.RequiresHttps;
            // A remote issuer may have to be called through the proxy of the environment; one on this machine needs no proxy.
            bearer.BackchannelHttpHandler = new SocketsHttpHandler { UseProxy = signIn.RequiresHttps };
            // Keeps the claim name "sub".
            bearer.MapInboundClaims = false;
            bearer.Events = new JwtBearerEvents { OnChallenge = SayWhenTheIssuerIsAway };
        });
    }

    // Without the issuer's keys every token looks invalid although it may be valid: the customer should retry, not sign in again.
    private static async Task SayWhenTheIssuerIsAway(JwtBearerChallengeContext challenge)
    {
        if (challenge.AuthenticateFailure is null || challenge.Options.ConfigurationManager is not { } issuer)
        {
            return;
        }

        try
        {
            await issuer.GetConfigurationAsync(challenge.HttpContext.RequestAborted);
        }
        catch (Exception e) when (!challenge.HttpContext.RequestAborted.IsCancellationRequested)
        {
            LogIssuerAway(challenge.HttpContext.RequestServices.GetRequiredService<ILogger<Program>>(), e.Message);
            challenge.HandleResponse();
            challenge.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
    }

    [LoggerMessage(LogLevel.Error, "Nobody can sign in: the keys of Authentication:Authority can't be fetched: {Reason}")]
    private static partial void LogIssuerAway(ILogger logger, string reason);
}
