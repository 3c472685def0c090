using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// A service behind <c>https://example.com/shop/</c>. If the proxy removes the prefix, nothing is needed here: all links of a
/// service are relative. If the proxy keeps it, <c>PathBase</c> is the prefix to remove; requests without it, such as probes,
/// are answered all the same.
/// </summary>
internal static partial class PathPrefix
{
    private const string Key = "PathBase";

    /// <exception cref="ConfigurationException">The prefix is not a path.</exception>
    public static void AddPathPrefix(this WebApplicationBuilder builder) => Read(builder.Configuration);

    /// <summary>Call it before routing.</summary>
    public static void UsePathPrefix(this WebApplication app)
    {
        if (Read(app.Configuration) is not { HasValue: true } prefix)
        {
            return;
        }

        app.UsePathBase(prefix);
        // Relative references of a page at /shop would resolve outside /shop/.
        var page = $"{prefix.ToUriComponent().Split('/')[^1]}/";
        app.Use((context, next) =>
        {
            if (context.Request is { Path.HasValue: false, PathBase.HasValue: true } && HttpMethods.IsGet(context.Request.Method))
            {
                context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
                context.Response.Headers.Location = page + context.Request.QueryString;
                return Task.CompletedTask;
            }

            return next(context);
        });
    }

    private static PathString Read(IConfiguration configuration) => configuration[Key] switch
    {
        null or "" or "/" => default,
        { } prefix when Prefix().IsMatch(prefix) => new PathString(prefix.TrimEnd('/')),
        { } prefix => throw new ConfigurationException($"{Key}: '{prefix}' is not a path such as /shop."),
    };

    [GeneratedRegex(@"^(/(?!\.{1,2}(/|$))[^/\\?#%\s]+)+/?$")]
    private static partial Regex Prefix();
}
