using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>HEAD is GET without the content (RFC 9110, 9.3.2): routes know GET, and Kestrel leaves the content out.</summary>
internal sealed class HeadRequests : IStartupFilter
{
    // A filter, because it comes before routing, which a WebApplication puts in front of all that it is told to use.
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
            // Metrics and spans tell what was asked.
            context.Request.Method = HttpMethods.Head;
        }
    }
}
