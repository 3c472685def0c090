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

/// <summary>
/// Every error is answered with an RFC 9457 problem; for a body that can't be bound it names the invalid field. Clients of
/// FastAPI read <c>detail</c>, so every problem has one; clients of the classic dialect's original read <c>error</c>, so in
/// that dialect every problem has that, too. A 503 always says when to try again (<c>Retry-After</c>).
/// </summary>
internal static partial class Problems
{
    /// <summary>The member that clients of the classic dialect read.</summary>
    public const string Error = "error";

    private const string RetryAfterSeconds = "1";
    private const string Missing = "Missing required fields";
    private const string Request = "request";

    private static readonly PathString Api = "/api";
    private static readonly PathString ApiV1 = "/api/v1";

    // The rules' messages for a field that is missing or empty: the classic original treated both as missing.
    private static readonly string[] ComplaintsOfMissing = ["is required", "must not be empty"];

    public static void AddProblems(this WebApplicationBuilder builder)
    {
        builder.Services.AddProblemDetails(problems => problems.CustomizeProblemDetails = Complete);
        builder.Services.AddExceptionHandler<BadRequestHandler>();
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
    }

    /// <summary>Adds a body to errors without one. (The framework's status code pages do the same at four times the cost.)</summary>
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
    /// Every client gets a refusal as a problem. To a client that prefers another type, such as a browser, the framework would
    /// send nothing or plain text. Nothing else here depends on the Accept header.
    /// </summary>
    public static void UseProblemsForAll(this WebApplication app) => app.Use((context, next) =>
    {
        context.Request.Headers.Remove(HeaderNames.Accept);
        return next(context);
    });

    // Runs for every problem, whichever code writes it.
    private static void Complete(ProblemDetailsContext context)
    {
        var problem = context.ProblemDetails;
        // Without a trace, the framework uses the connection's id instead, which is not in logs or traces.
        if (Activity.Current is null)
        {
            problem.Extensions.Remove("traceId");
        }

        // Whoever knows better has set it.
        if (problem.Status is StatusCodes.Status503ServiceUnavailable && context.HttpContext.Response.Headers.RetryAfter.Count == 0)
        {
            context.HttpContext.Response.Headers.RetryAfter = RetryAfterSeconds;
        }

        var errors = (problem as HttpValidationProblemDetails)?.Errors;
        problem.Detail ??= errors is null ? Describe(context.HttpContext, problem.Status) ?? problem.Title : Describe(errors);
        if (IsClassic(context.HttpContext.Request.Path))
        {
            problem.Extensions[Error] = errors?.Values.Any(complaints => complaints.Intersect(ComplaintsOfMissing).Any()) is true ? Missing : problem.Detail;
        }
    }

    private static bool IsClassic(PathString path) => path.StartsWithSegments(Api) && !path.StartsWithSegments(ApiV1);

    private static string Describe(IDictionary<string, string[]> errors) =>
        string.Join("; ", errors.SelectMany(error => error.Value, (error, complaint) => error.Key is Request ? complaint : $"{error.Key} {complaint}"));

    /// <summary>A text for a status without an explanation; null when its title says enough.</summary>
    private static string? Describe(HttpContext context, int? status) => status switch
    {
        StatusCodes.Status404NotFound => "There is nothing at this address.",
        StatusCodes.Status405MethodNotAllowed => $"{context.Request.Method} is not answered here; {context.Response.Headers.Allow} is.",
        StatusCodes.Status413PayloadTooLarge => $"The body is larger than {ServiceDefaultsExtensions.MaxRequestBodySize} bytes.",
        StatusCodes.Status414UriTooLong => "The address is too long.",
        StatusCodes.Status415UnsupportedMediaType when string.IsNullOrEmpty(context.Request.ContentType) =>
            "There is no Content-Type. The body must be JSON, and say so: Content-Type: application/json.",
        StatusCodes.Status415UnsupportedMediaType => $"The body must be JSON, with Content-Type: application/json; this says {context.Request.ContentType}.",
        StatusCodes.Status429TooManyRequests => "This address sends too much. Try again after as many seconds as Retry-After says.",
        StatusCodes.Status500InternalServerError => "The request could not be answered. That is the service's own fault; its log says why.",
        StatusCodes.Status503ServiceUnavailable => "The request can't be taken on right now. Try again after as many seconds as Retry-After says.",
        _ => null,
    };

    private sealed partial class BadRequestHandler(IProblemDetailsService problems) : IExceptionHandler
    {
        private const string Unreadable = "has the wrong type, is out of range or is given twice";

        public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
        {
            if (exception is not BadHttpRequestException refusal)
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
                    : new ProblemDetails { Status = refusal.StatusCode, Detail = Problems.Describe(context, refusal.StatusCode) ?? refusal.Message },
            });
        }

        private static HttpValidationProblemDetails Describe(BadHttpRequestException refusal)
        {
            var (field, complaint) = refusal switch
            {
                // JsonException.Path is "$.price", or "$" when no single field is invalid.
                { InnerException: JsonException { Path: ['$', '.', .. var path] } } => (path, Unreadable),
                { InnerException: JsonException } => ("body", "is not a JSON object"),
                _ when Parameter().Match(refusal.Message) is { Success: true } match => (match.Groups["name"].Value, Unreadable),
                _ when refusal.Message.Contains("no body was provided", StringComparison.Ordinal) => ("body", "is required"),
                _ => (Request, refusal.Message),
            };
            return new(new Dictionary<string, string[]> { [field] = [complaint] }) { Status = StatusCodes.Status400BadRequest };
        }

        // ASP.NET Core's message when a route or query parameter can't be bound.
        [GeneratedRegex("^Failed to bind parameter \"\\S+ (?<name>\\S+)\"")]
        private static partial Regex Parameter();
    }
}
