using Microsoft.AspNetCore.Authentication.JwtBearer;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Storefront;

namespace ShoppingSystem.WebServer;

/// <summary>
/// Customers as an OpenID Connect issuer knows them, by their bearer tokens. What they may do with them is the storefront's
/// rule.
/// </summary>
internal static partial class SignIn
{
    private const string RetryAfterSeconds = "5";

    /// <summary>Reads bearer tokens, where an authority is configured.</summary>
    /// <exception cref="ConfigurationException">What is configured can't be used; the message names the key.</exception>
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
            // The issuer is out there, where the environment may have a proxy for; one on this machine needs none.
            bearer.BackchannelHttpHandler = new SocketsHttpHandler { UseProxy = signIn.RequiresHttps };
            // "sub" stays "sub".
            bearer.MapInboundClaims = false;
            bearer.Events = new JwtBearerEvents { OnChallenge = SayWhenTheIssuerIsAway };
        });
    }

    // Without the issuer's keys every token looks wrong. That is the fault of none of them: the customer should try again,
    // not sign in anew.
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
            challenge.Response.Headers.RetryAfter = RetryAfterSeconds;
        }
    }

    [LoggerMessage(LogLevel.Error, "Nobody can sign in: the keys of Authentication:Authority can't be fetched: {Reason}")]
    private static partial void LogIssuerAway(ILogger logger, string reason);
}
