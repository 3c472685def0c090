using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.AppHost.Tests.Support;

/// <summary>Somebody who buys, and looks at what became of it. Each has a user id of their own.</summary>
internal sealed class Customer(RunningShop shop)
{
    public string UserId { get; } = $"user-{Guid.NewGuid():N}";

    /// <summary>Buys once, over HTTP, in the v1 dialect.</summary>
    public async Task<HttpResponseMessage> BuyAsync(string price, string? idempotencyKey = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/buy")
        {
            Content = new StringContent(
                $$"""{"username":"Ada","userid":"{{UserId}}","price":{{price}},"item":"tea"}""", System.Text.Encoding.UTF8, "application/json"),
        };
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        return await shop.Shop.SendAsync(request);
    }

    /// <summary>Buys once, over HTTP, in the classic dialect; answers with the id.</summary>
    public async Task<string> BuyClassicAsync(decimal price)
    {
        using var reply = await shop.Shop.PostAsJsonAsync("/api/buy", new { username = "Ada", userId = UserId, price });
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        return (string)(await reply.Content.ReadFromJsonAsync<JsonObject>())!["id"]!;
    }

    /// <summary>Buys as a patient client does: again, under the same key, until it is acknowledged; answers with the id.</summary>
    public async Task<string> BuyUntilAcknowledgedAsync(int number)
    {
        string? id = null;
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    using var reply = await BuyAsync("1.50", number.ToString(CultureInfo.InvariantCulture));
                    if (reply.StatusCode is HttpStatusCode.Accepted)
                    {
                        id = (string)(await reply.Content.ReadFromJsonAsync<JsonObject>())!["data"]!["id"]!;
                    }
                }
                catch (HttpRequestException)
                {
                }

                return id is not null;
            },
            TimeSpan.FromMinutes(5), $"purchase {number} is acknowledged");
        return id!;
    }

    /// <summary>Waits until so many purchases are in the history at <paramref name="path"/>; answers with it as it stands then.</summary>
    public async Task<JsonArray> HistoryAsync(HttpClient service, string path, int count)
    {
        JsonArray history = [];
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    history = (await service.GetFromJsonAsync<JsonArray>($"{path}/{UserId}?limit=1000"))!;
                }
                catch (HttpRequestException)
                {
                }

                return history.Count >= count;
            },
            TimeSpan.FromMinutes(5), $"{count} purchases are in {path}");
        return history;
    }
}
