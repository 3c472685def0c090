using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// Pages may load only what this service itself serves, run no inline script, and be framed by nobody. What the API answers is
/// kept by nobody on the way: it is somebody's own, and old a moment later.
/// </summary>
internal static class SecurityHeaders
{
    private const string Api = "/api";

    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    // Swagger UI styles itself inline and carries its pictures in its style sheets.
    private const string DocsPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    // As the reply starts: what turns an exception into a problem clears the headers that were set before.
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
        headers.ContentSecurityPolicy = context.Request.Path.StartsWithSegments(ApiDocs.Path) ? DocsPolicy : Policy;
        headers["Referrer-Policy"] = "no-referrer";
        if (HttpMethods.IsGet(context.Request.Method) && context.Request.Path.StartsWithSegments(Api) && headers.CacheControl.Count == 0)
        {
            headers.CacheControl = "no-store";
        }

        return Task.CompletedTask;
    }
}
