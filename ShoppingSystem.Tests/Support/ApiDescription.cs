using System.Text.Json;

namespace ShoppingSystem.Tests.Support;

/// <summary>What a service says of itself at <c>/openapi/v1.json</c>, to hold against what it does.</summary>
internal sealed class ApiDescription
{
    private static readonly string[] Headers = ["Link", "Retry-After"];

    private readonly JsonElement _document;
    private readonly JsonSchema _schema;
    private readonly HashSet<string> _seen = [];

    private ApiDescription(JsonElement document)
    {
        _document = document;
        _schema = new JsonSchema(document);
    }

    /// <summary>The routes, such as <c>GET /api/v1/stats</c>.</summary>
    public IEnumerable<string> Operations => _document.GetProperty("paths").EnumerateObject()
        .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}"));

    /// <summary>The replies that are described, but were not among those that were checked.</summary>
    public IEnumerable<string> Unseen => Operations
        .SelectMany(operation => Operation(operation).GetProperty("responses").EnumerateObject().Select(status => $"{operation} {status.Name}"))
        .Where(reply => !_seen.Contains(reply))
        .Order();

    public static async Task<ApiDescription> LoadAsync(HttpClient client)
    {
        using var json = JsonDocument.Parse(await client.GetStringAsync("/openapi/v1.json"));
        return new(json.RootElement.Clone());
    }

    /// <summary>Checks a reply's status, headers and body against what is said of the route.</summary>
    public async Task CheckAsync(string operation, HttpResponseMessage reply)
    {
        var status = ((int)reply.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var name = $"{operation} {status}";
        if (!Operation(operation).GetProperty("responses").TryGetProperty(status, out var described))
        {
            Assert.Fail($"{name} is not described: {await reply.Content.ReadAsStringAsync()}");
        }

        _seen.Add(name);

        foreach (var header in Headers)
        {
            var isSaid = described.TryGetProperty("headers", out var headers) && headers.TryGetProperty(header, out _);
            var isRequired = isSaid && headers.GetProperty(header).TryGetProperty("required", out var required) && required.GetBoolean();
            var isThere = reply.Headers.TryGetValues(header, out var values);
            Assert.True(isThere ? isSaid : !isRequired, $"{name}: {header} is {(isThere ? "there, but not described" : "described, but not there")}");
            if (isThere)
            {
                // Headers are text; one that is said to be a number must be one.
                var type = headers.GetProperty(header).GetProperty("schema").GetProperty("type").GetString();
                Assert.True(type is "string" || int.TryParse(Assert.Single(values!), out _), $"{name}: {header} is {string.Join(", ", values!)}");
            }
        }

        if (!described.TryGetProperty("content", out var contents))
        {
            Assert.Equal("", await reply.Content.ReadAsStringAsync());
            return;
        }

        var content = Assert.Single(contents.EnumerateObject());
        Assert.Equal(content.Name, reply.Content.Headers.ContentType?.MediaType);
        if (content.Name is not "text/event-stream")
        {
            CheckBody(name, content.Value.GetProperty("schema"), await reply.Content.ReadAsStringAsync());
        }
    }

    /// <summary>Checks JSON against a schema of the document by its name.</summary>
    public void CheckBody(string name, string body) => CheckBody(name, _document.GetProperty("components").GetProperty("schemas").GetProperty(name), body);

    /// <summary>What the description finds wrong with the body of a request.</summary>
    public List<string> FindFault(string operation, string body)
    {
        using var json = JsonDocument.Parse(body);
        var schema = Operation(operation).GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema");
        return [.. _schema.Check(schema, json.RootElement)];
    }

    /// <summary>What is said of a parameter; null when it is not there.</summary>
    public JsonElement? Parameter(string operation, string name) =>
        Operation(operation).TryGetProperty("parameters", out var parameters)
            ? parameters.EnumerateArray().Where(parameter => parameter.GetProperty("name").GetString() == name).Cast<JsonElement?>().FirstOrDefault()
            : null;

    private JsonElement Operation(string operation) =>
        _document.GetProperty("paths").GetProperty(operation.Split(' ')[1]).GetProperty(operation.Split(' ')[0].ToLowerInvariant());

    private void CheckBody(string name, JsonElement schema, string body)
    {
        using var json = JsonDocument.Parse(body);
        Assert.True(!_schema.Check(schema, json.RootElement).Any(), $"{name}: {string.Join("; ", _schema.Check(schema, json.RootElement))} in {body}");
    }
}
