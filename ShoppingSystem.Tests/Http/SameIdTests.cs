using System.Net;
using System.Text;
using System.Text.Json;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

/// <summary>Other producers use an id twice, or one that is none: whatever they say is recorded or kept as a dead letter.</summary>
public sealed class SameIdTests
{
    private const string Route = "/api/v1/dead-letters";
    private const string OrderId = "018d21b4-7f8b-7000-8000-000000000001";

    [Theory]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("ffffffff-ffff-ffff-ffff-ffffffffffff")]
    public async Task Purchases_whose_id_is_a_placeholder_are_all_recorded(string id)
    {
        await using var shop = await InProcessShop.StartAsync(events: [Event(id, "a"), Event(id, "b"), Event(id, "c"), Event(id, "c")]);

        await shop.Management.UntilRecordedAsync("c", 2);

        Assert.Equal([PurchaseId.FromPosition("purchases", 0, 0, LogSeed.AppendedAt)], await shop.Management.ReadAllAsync("/api/v1/purchases/a"));
        Assert.Single(await shop.Management.ReadAllAsync("/api/v1/purchases/b"));
        Assert.Equal("[]", await shop.Management.GetStringAsync(Route));
        await Eventually.TrueAsync(async () => await CountsAsync(shop) == (4, 0), "4 are recorded, and none is a duplicate");
    }

    [Fact]
    public async Task A_different_purchase_under_a_known_id_is_a_dead_letter_that_can_be_recorded_under_a_new_id()
    {
        await using var shop = await InProcessShop.StartAsync(
            events: [Event(OrderId, "ada", "1.50"), Event(OrderId, "ada", "2"), Event(OrderId, "eve", "1.50"), Event(OrderId, "ada", "1.5"), Event(null, "last")]);
        await Eventually.TrueAsync(async () => await CountsAsync(shop) == (2, 1), "2 are recorded, and 1 is a duplicate");

        using var json = JsonDocument.Parse(await shop.Management.GetStringAsync(Route));
        var letters = json.RootElement.EnumerateArray().OrderBy(letter => letter.GetProperty("offset").GetInt64()).ToList();
        Assert.Equal([1, 2], letters.Select(letter => letter.GetProperty("offset").GetInt64()));
        Assert.Equal($"another purchase has the id {OrderId}: its price differs", letters[0].GetProperty("reason").GetString());
        var reason = letters[1].GetProperty("reason").GetString();
        Assert.Equal($"another purchase has the id {OrderId}: its userid differs", reason);
        Assert.Equal([Guid.Parse(OrderId)], await shop.Management.ReadAllAsync("/api/v1/purchases/ada"));

        var replay = $"{Route}/{letters[1].GetProperty("id").GetGuid()}/replay";
        using var asItIs = await shop.Management.PostAsync(replay, null);
        Assert.Equal(reason, (await asItIs.ProblemAsync(HttpStatusCode.UnprocessableEntity)).GetProperty("detail").GetString());
        var own = Guid.NewGuid();
        using var corrected = await shop.Management.PostAsync(replay, Support.Http.Json(Encoding.UTF8.GetString(Event($"{own}", "eve", "1.50"))));
        Assert.Equal(HttpStatusCode.OK, corrected.StatusCode);
        Assert.StartsWith("{\"status\":\"recorded\"", await corrected.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal([own], await shop.Management.ReadAllAsync("/api/v1/purchases/eve"));
        Assert.Equal(1, JsonDocument.Parse(await shop.Management.GetStringAsync(Route)).RootElement.GetArrayLength());
    }

    private static byte[] Event(string? id, string userId, string price = "1") =>
        Encoding.UTF8.GetBytes($$"""{{{(id is null ? "" : $"\"id\":\"{id}\",")}}"userid":"{{userId}}","username":"u","price":{{price}},"item":"tea"}""");

    private static async Task<(long Recorded, long Duplicates)> CountsAsync(InProcessShop shop)
    {
        using var statistics = JsonDocument.Parse(await shop.Management.GetStringAsync("/api/v1/stats"));
        var process = statistics.RootElement.GetProperty("process");
        return (process.GetProperty("recorded").GetInt64(), process.GetProperty("duplicates").GetInt64());
    }
}
