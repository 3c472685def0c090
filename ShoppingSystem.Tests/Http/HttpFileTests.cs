using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ShoppingSystem.Tests.Kubernetes;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

/// <summary><c>ShoppingSystem.http</c> has every route that the two APIs describe, and each of its requests is taken.</summary>
public sealed partial class HttpFileTests
{
    [Fact]
    public async Task The_http_file_has_every_route_and_each_request_is_accepted()
    {
        await using var shop = await InProcessShop.StartAsync();
        var requests = await ReadAsync();
        foreach (var (method, service, path, body) in requests)
        {
            using var request = new HttpRequestMessage(method, path);
            request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
            using var reply = await shop[service].SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

            // No dead letter has that id.
            Assert.True(path.Contains(Guid.Empty.ToString(), StringComparison.Ordinal) || reply.IsSuccessStatusCode, $"{method} {path}: {reply.StatusCode}");
        }

        foreach (var service in (string[])["shop", "management"])
        {
            using var description = JsonDocument.Parse(await shop[service].GetStringAsync("/openapi/v1.json"));
            foreach (var route in description.RootElement.GetProperty("paths").EnumerateObject())
            {
                var pattern = new Regex($"^{Parameter().Replace(route.Name, "[^/]+")}$");
                foreach (var operation in route.Value.EnumerateObject())
                {
                    Assert.True(
                        requests.Exists(request => request.Service == service && pattern.IsMatch(request.Path.Split('?')[0])
                            && string.Equals(request.Method.Method, operation.Name, StringComparison.OrdinalIgnoreCase)),
                        $"{operation.Name} {route.Name} of {service} is not among them");
                }
            }
        }
    }

    private static async Task<List<(HttpMethod Method, string Service, string Path, string? Body)>> ReadAsync()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Tools.Deploy, "..", "ShoppingSystem.http"));
        return [.. text.Split("###")[1..].Select(section =>
        {
            var match = Request().Match(section);
            Assert.True(match.Success, section);
            var body = section.TrimEnd().Split("\n\n") is [_, var json] ? json : null;
            return (new HttpMethod(match.Groups["method"].Value), match.Groups["service"].Value, match.Groups["path"].Value, body);
        })];
    }

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"^(?<method>[A-Z]+) \{\{(?<service>\w+)\}\}(?<path>/\S*)$", RegexOptions.Multiline)]
    private static partial Regex Request();
}
