using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>Whatever goes wrong is told as an RFC 9457 problem; a body that can't be bound names the field at fault.</summary>
internal static partial class Problems
{
    public static void AddProblems(this WebApplicationBuilder builder)
    {
        builder.Services.AddProblemDetails(problems => problems.CustomizeProblemDetails = LeaveOutWhatNobodyCanLookUp);
        builder.Services.AddExceptionHandler<BadRequestHandler>();
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
    }

    /// <summary>An error without a body gets one. (The framework's status code pages do the same at four times the price.)</summary>
    public static void UseProblemsForErrors(this WebApplication app)
    {
        var problems = app.Services.GetRequiredService<IProblemDetailsService>();
        app.Use(async (context, next) =>
        {
            await next(context);
            if (context.Response is { StatusCode: >= StatusCodes.Status400BadRequest, HasStarted: false, ContentLength: null or 0, ContentType: null })
            {
                await problems.TryWriteAsync(new ProblemDetailsContext { HttpContext = context });
            }
        });
    }

    /// <summary>
    /// A refusal is a problem for every client. The framework would tell one that prefers another type, such as a browser,
    /// nothing or plain text; and there is nothing else here that depends on what a client accepts.
    /// </summary>
    public static void UseProblemsForAll(this WebApplication app) => app.Use((context, next) =>
    {
        context.Request.Headers.Remove(HeaderNames.Accept);
        return next(context);
    });

    // Without a trace, the framework puts the connection's id in its place, which neither logs nor traces know.
    private static void LeaveOutWhatNobodyCanLookUp(ProblemDetailsContext context)
    {
        if (Activity.Current is null)
        {
            context.ProblemDetails.Extensions.Remove("traceId");
        }
    }

    private sealed partial class BadRequestHandler(IProblemDetailsService problems) : IExceptionHandler
    {
        private const string Identity = "identity";
        private const string Unreadable = "has the wrong type, is out of range or is given twice";

        public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
        {
            var refusal = exception as BadHttpRequestException;
            if (refusal is null && HasUnknownCharset(context.Request))
            {
                refusal = new BadHttpRequestException("The body's charset is not known.", StatusCodes.Status415UnsupportedMediaType, exception);
            }
            else if (refusal is { InnerException: JsonException } && IsEncoded(context.Request))
            {
                refusal = new BadHttpRequestException("The body is compressed; send it as it is.", StatusCodes.Status415UnsupportedMediaType, exception);
                context.Response.Headers.AcceptEncoding = Identity;
            }

            if (refusal is null)
            {
                return false;
            }

            context.Response.StatusCode = refusal.StatusCode;
            return await problems.TryWriteAsync(new ProblemDetailsContext
            {
                HttpContext = context,
                Exception = exception,
                ProblemDetails = refusal.StatusCode is StatusCodes.Status400BadRequest
                    ? Describe(refusal)
                    : new ProblemDetails { Status = refusal.StatusCode, Detail = refusal.Message },
            });
        }

        // ASP.NET Core throws InvalidOperationException for one, or NotSupportedException for UTF-7.
        private static bool HasUnknownCharset(HttpRequest request)
        {
            try
            {
                return MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.Charset.HasValue && type.Encoding is null;
            }
            catch (NotSupportedException)
            {
                return true;
            }
        }

        private static bool IsEncoded(HttpRequest request) =>
            request.Headers.ContentEncoding.Any(encoding => !string.IsNullOrEmpty(encoding) && !encoding.Equals(Identity, StringComparison.OrdinalIgnoreCase));

        private static HttpValidationProblemDetails Describe(BadHttpRequestException refusal)
        {
            var (field, complaint) = refusal switch
            {
                // JsonException.Path is "$.price", or "$" when no field is to blame.
                { InnerException: JsonException { Path: ['$', '.', .. var path] } } => (path, Unreadable),
                { InnerException: JsonException } => ("body", "is not a JSON object"),
                _ when Parameter().Match(refusal.Message) is { Success: true } match => (match.Groups["name"].Value, Unreadable),
                _ when refusal.Message.Contains("no body was provided", StringComparison.Ordinal) => ("body", "is required"),
                _ => ("request", refusal.Message),
            };
            return new(new Dictionary<string, string[]> { [field] = [complaint] }) { Status = StatusCodes.Status400BadRequest };
        }

        // What ASP.NET Core says when a route or query parameter can't be bound.
        [GeneratedRegex("^Failed to bind parameter \"\\S+ (?<name>\\S+)\"")]
        private static partial Regex Parameter();
    }
}
