using System.Net;
using System.Text;
using System.Text.Json;

namespace ShoppingSystem.Tests.Support;

/// <summary>What clients of the two services do.</summary>
internal static class Http
{
    public static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    /// <summary>Whether a service is there and says that it can do its work.</summary>
    public static async Task<bool> IsReadyAsync(this HttpClient client)
    {
        try
        {
            using var reply = await client.GetAsync("/-/ready");
            return reply.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Buys in the v1 dialect; answers with the id of the purchase.</summary>
    public static async Task<Guid> BuyAsync(this HttpClient shop, string userId, string price = "1", string? key = null, string? item = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/buy")
        {
            Content = Json(JsonSerializer.Serialize(new { username = "user1", userid = userId, price = 0, item }).Replace("\"price\":0", $"\"price\":{price}", StringComparison.Ordinal)),
        };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        using var reply = await shop.SendAsync(request);
        var body = await reply.Content.ReadAsStringAsync();
        Assert.True(reply.StatusCode is HttpStatusCode.Accepted, $"{(int)reply.StatusCode} {body}");
        using var json = JsonDocument.Parse(body);
        return json.RootElement.GetProperty("data").GetProperty("id").GetGuid();
    }

    /// <summary>The ids of a page of history, in its order, and where the next page is.</summary>
    public static async Task<(List<Guid> Ids, string? Next)> ReadPageAsync(this HttpClient client, string path)
    {
        using var reply = await client.GetAsync(path);
        var body = await reply.Content.ReadAsStringAsync();
        Assert.True(reply.StatusCode is HttpStatusCode.OK, $"{path}: {(int)reply.StatusCode} {body}");
        using var json = JsonDocument.Parse(body);
        List<Guid> ids = [.. json.RootElement.EnumerateArray().Select(entry => entry.GetProperty("id").GetGuid())];
        if (!reply.Headers.TryGetValues("Link", out var links))
        {
            return (ids, null);
        }

        // Relative, so that it holds behind any proxy.
        var link = Assert.Single(links);
        Assert.Matches("^<\\?[^<>]+>; rel=\"next\"$", link);
        return (ids, new Uri(reply.RequestMessage!.RequestUri!, link[1..link.IndexOf('>')]).PathAndQuery);
    }

    /// <summary>All ids of a history, page by page as the Link header leads.</summary>
    public static async Task<List<Guid>> ReadAllAsync(this HttpClient client, string path)
    {
        var all = new List<Guid>();
        for (string? next = path; next is not null;)
        {
            (var ids, next) = await client.ReadPageAsync(next);
            all.AddRange(ids);
        }

        return all;
    }

    /// <summary>Waits until a user's history holds this many purchases.</summary>
    public static Task UntilRecordedAsync(this HttpClient management, string userId, int purchases) =>
        Eventually.TrueAsync(
            async () =>
            {
                using var summary = JsonDocument.Parse(await management.GetStringAsync($"/api/v1/users/{Uri.EscapeDataString(userId)}/summary"));
                return summary.RootElement.GetProperty("purchases").GetInt64() == purchases;
            },
            $"{userId} has {purchases} purchases");

    /// <summary>Checks that a reply is a problem of this status (RFC 9457), and answers with it.</summary>
    public static async Task<JsonElement> ProblemAsync(this HttpResponseMessage reply, HttpStatusCode status)
    {
        var body = await reply.Content.ReadAsStringAsync();
        Assert.True(reply.StatusCode == status, $"{(int)reply.StatusCode} instead of {(int)status}: {body}");
        Assert.Equal("application/problem+json", reply.Content.Headers.ContentType?.MediaType);
        using var json = JsonDocument.Parse(body);
        Assert.Equal((int)status, json.RootElement.GetProperty("status").GetInt32());
        Assert.NotEmpty(json.RootElement.GetProperty("title").GetString()!);
        Assert.NotEmpty(json.RootElement.GetProperty("detail").GetString()!);
        if (json.RootElement.TryGetProperty("traceId", out var trace))
        {
            Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$", trace.GetString());
        }

        return json.RootElement.Clone();
    }

    /// <summary>Checks that a reply is a 400 that names exactly these fields.</summary>
    public static async Task RefusesAsync(this HttpResponseMessage reply, params string[] fields)
    {
        var problem = await reply.ProblemAsync(HttpStatusCode.BadRequest);
        Assert.True(problem.TryGetProperty("errors", out var errors), problem.ToString());
        Assert.Equal(fields.Order(), errors.EnumerateObject().Select(error => error.Name).Order());
        Assert.All(errors.EnumerateObject(), error => Assert.NotEmpty(error.Value[0].GetString()!));
    }
}
