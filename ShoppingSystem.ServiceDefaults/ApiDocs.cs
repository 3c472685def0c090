using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>The API's description at <c>/openapi/v1.json</c> and Swagger UI over it at <c>/docs</c>.</summary>
internal static class ApiDocs
{
    private const string Document = "v1";
    public static readonly PathString Path = "/docs";

    public static void AddApiDocs(this WebApplicationBuilder builder, string title)
    {
        // By default, the framework accepts text for any number, and so describes every number of a reply as possibly text. Here, a
        // number that may come as text has its own converter.
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict);
        builder.Services.AddOpenApi(Document, options => options
            .AddSchemaTransformer(ApiSchemas.Describe)
            .AddOperationTransformer(ApiHeaders.Describe)
            .AddDocumentTransformer((document, _, _) =>
            {
                document.Info.Title = title;
                // Relative to the document, so that it also works behind a path prefix.
                document.Servers = [new() { Url = ".." }];
                return Task.CompletedTask;
            }));
    }

    public static void MapApiDocs(this WebApplication app)
    {
        // No other document name: the framework's answer for an unknown one is not a problem, and repeats the requested name.
        app.MapOpenApi($"/openapi/{{documentName:regex(^{Document}$)}}.json").AllowAnonymous();
        // Other requests skip the Swagger middleware.
        app.UseWhen(context => context.Request.Path.StartsWithSegments(Path), docs => docs.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = Path.Value![1..];
            ui.SwaggerEndpoint($"../openapi/{Document}.json", Document);
        }));
    }
}
