using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>The headers that all routes of both services use in the same way, for the API's description.</summary>
internal static class ApiHeaders
{
    private const string Cursor = "before";

    private static readonly int[] Refusals = [StatusCodes.Status429TooManyRequests, StatusCodes.Status503ServiceUnavailable];

    public static Task Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        foreach (var refusal in Refusals)
        {
            Add(operation, refusal, HeaderNames.RetryAfter, required: true, JsonSchemaType.Integer, "Seconds after which to try again.");
        }

        // A reply with a cursor parameter has a Link header to the next page.
        if (operation.Parameters?.FirstOrDefault(parameter => parameter.Name is Cursor) is { } cursor)
        {
            cursor.Description = "A place in the list, from the Link header of the page before.";
            Add(operation, StatusCodes.Status200OK, HeaderNames.Link, required: false, JsonSchemaType.String, "Where the next page is: `<?limit=LIMIT&before=CURSOR>; rel=\"next\"`, relative to this one. Not there on the last one.");
        }

        return Task.CompletedTask;
    }

    private static void Add(OpenApiOperation operation, int status, string name, bool required, JsonSchemaType type, string description)
    {
        if (operation.Responses?.GetValueOrDefault(status.ToString(CultureInfo.InvariantCulture)) is OpenApiResponse response)
        {
            response.Headers ??= new Dictionary<string, IOpenApiHeader>();
            response.Headers[name] = new OpenApiHeader { Description = description, Required = required, Schema = new OpenApiSchema { Type = type } };
        }
    }
}
