using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>HEAD is GET without the content (RFC 9110, 9.3.2): it is routed as GET, and Kestrel leaves the content out.</summary>
internal sealed class HeadRequests : IStartupFilter
{
    // A startup filter runs before routing; a WebApplication puts routing in front of all middleware that is added to it.
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((context, rest) => HttpMethods.IsHead(context.Request.Method) ? AnswerAsync(context, rest) : rest(context));
        next(app);
    };

    private static async Task AnswerAsync(HttpContext context, RequestDelegate rest)
    {
        context.Request.Method = HttpMethods.Get;
        try
        {
            await rest(context);
        }
        finally
        {
            // Metrics and spans show the original method.
            context.Request.Method = HttpMethods.Head;
        }
    }
}
