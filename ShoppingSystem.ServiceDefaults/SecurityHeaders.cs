using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// Pages may load only what this service itself serves, may run no inline script, and may not be framed. API answers, which a
/// browser may be made to open as a page, may load nothing at all. They must not be cached: they are one customer's data, and soon out of date.
/// </summary>
internal static class SecurityHeaders
{
    private const string Api = "/api";

    private const string ApiPolicy = "default-src 'none'; frame-ancestors 'none'";

    private const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    // Swagger UI uses inline styles, and images embedded in its style sheets.
    private const string DocsPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    // Set when the reply starts: the handler that turns an exception into a problem clears headers that were set before.
    public static void UseSecurityHeaders(this WebApplication app) => app.Use((context, next) =>
    {
        context.Response.OnStarting(Add, context);
        return next(context);
    });

    private static Task Add(object state)
    {
        var context = (HttpContext)state;
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        if (!context.Request.Path.StartsWithSegments(Api))
        {
            headers.ContentSecurityPolicy = context.Request.Path.StartsWithSegments(ApiDocs.Path) ? DocsPolicy : PagePolicy;
            headers["Referrer-Policy"] = "no-referrer";
            return Task.CompletedTask;
        }

        headers.ContentSecurityPolicy = ApiPolicy;
        if (HttpMethods.IsGet(context.Request.Method) && headers.CacheControl.Count == 0)
        {
            headers.CacheControl = "no-store";
        }

        return Task.CompletedTask;
    }
}
