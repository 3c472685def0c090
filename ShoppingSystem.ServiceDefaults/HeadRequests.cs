using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>HEAD is GET without the content (RFC 9110, 9.3.2): it is routed as GET, and Kestrel leaves the content out.</summary>
internal static class HeadRequests
{
    /// <summary>Call it before routing.</summary>
    public static void UseHeadRequests(this WebApplication app) =>
        app.Use((context, next) => HttpMethods.IsHead(context.Request.Method) ? AnswerAsync(context, next) : next(context));

    private static async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        context.Request.Method = HttpMethods.Get;
        try
        {
            await next(context);
        }
        finally
        {
            // Metrics and spans show the original method.
            context.Request.Method = HttpMethods.Head;
        }
    }
}
