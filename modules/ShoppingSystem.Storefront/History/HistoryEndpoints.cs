using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Storefront;

internal static class HistoryEndpoints
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    public static void AddHistory(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<ManagementApiOptions>().Configure<IConfiguration>((options, configuration) => options.Read(configuration))
            .Validate(options => options.Url is not null, ManagementApiOptions.Complaint)
            .ValidateOnStart();
        builder.Services.AddHttpClient<ManagementApi>((services, http) =>
        {
            var options = services.GetRequiredService<IOptions<ManagementApiOptions>>().Value;
            http.BaseAddress = options.Url;
            http.Timeout = Timeout;
            if (options.Key is { Length: > 0 } key)
            {
                http.DefaultRequestHeaders.Add(ManagementApi.ApiKeyHeader, key);
            }
        })
        .UseSocketsHttpHandler((handler, _) =>
        {
            // The management API never redirects, and only it may receive the key: no redirect target, and no proxy from the environment.
            handler.AllowAutoRedirect = false;
            handler.UseProxy = false;
            // A key may have non-ASCII letters; Kestrel and the operations page also use UTF-8 for it.
            handler.RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8;
        });
        builder.Services.AddHealthChecks().AddCheck<ManagementApiHealth>("management-api");
    }

    public static void MapHistory(this WebApplication app)
    {
        var group = app.MapGroup("/api").WithTags("History").RequireAdmission("History").RequireCustomer(app)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status414UriTooLong)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

        // As a Delegate, so that the request delegate generator skips it (RDG002): its code refuses an optional parameter that can't be read
        // without saying which it is.
#pragma warning disable RDG002
        Delegate history = (
            [Length(1, PurchaseRules.MaxTextLength)] string userid, [Range(1, PageLimits.Max), DefaultValue(PageLimits.Default)] int? limit, string? before,
            HttpContext context, ManagementApi api) =>
            AskAsync(("userid", userid), user => $"api/v1/purchases/{user}", api, context);
        group.MapGet("/v1/getAllUserBuys/{userid}", history)
            .Produces<PurchaseV1[]>()
            .WithSummary("A user's purchases, newest first")
            .WithDescription("While there are more than `limit`, the Link header names the next page.");

        Delegate classicHistory = (
            [Length(1, PurchaseRules.MaxTextLength)] string userId, [Range(1, PageLimits.Max), DefaultValue(PageLimits.DefaultClassic)] int? limit, string? before,
            HttpContext context, ManagementApi api) =>
            AskAsync(("userId", userId), user => $"api/purchases/{user}", api, context);
        foreach (var path in (string[])["/user/{userId}/purchases", "/getAllUserBuys/{userId}"])
        {
            group.MapGet(path, classicHistory)
                .Produces<PurchaseClassic[]>()
                .WithSummary("A user's purchases, newest first (classic)")
                .WithDescription("While there are more than `limit`, the Link header names the next page.");
        }

#pragma warning restore RDG002
        group.MapGet("/v1/users/{userid}/summary", ([Length(1, PurchaseRules.MaxTextLength)] string userid, HttpContext context, ManagementApi api) =>
                AskAsync(("userid", userid), user => $"api/v1/users/{user}/summary", api, context))
            .Produces<SummaryV1>()
            .WithSummary("A user's purchases in figures");
    }

    private static async Task<IResult> AskAsync((string Field, string Value) userId, Func<string, string> path, ManagementApi api, HttpContext context) =>
        PurchaseRules.CheckText(userId.Value) is { } complaint
            ? TypedResults.ValidationProblem([new(userId.Field, [complaint])])
            : await api.ForwardAsync(path(Uri.EscapeDataString(userId.Value)), context);
}
