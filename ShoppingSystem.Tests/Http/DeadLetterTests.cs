using System.Net;
using System.Text.Json;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

public sealed class DeadLetterTests : IAsyncLifetime
{
    private const string Route = "/api/v1/dead-letters";
    private static readonly byte[] Broken = "not json"u8.ToArray();
    private static readonly byte[] NoText = [0xFF, 0x00, 0xFE];
    private static readonly byte[] NoPrice = """{"userid":"123","username":"user1","item":"tea"}"""u8.ToArray();
    private static readonly byte[] Good = """{"userid":"123","username":"user1","price":50.0}"""u8.ToArray();
    private InProcessShop _shop = null!;

    public async ValueTask InitializeAsync()
    {
        _shop = await InProcessShop.StartAsync(events: [Broken, Good, NoText, [], NoPrice]);
        await Eventually.TrueAsync(async () => (await ListAsync()).Count == 4, "4 dead letters");
    }

    public async ValueTask DisposeAsync() => await _shop.DisposeAsync();

    [Fact]
    public async Task An_unreadable_event_is_kept_as_a_dead_letter_and_blocks_no_other()
    {
        var letters = await ListAsync();

        await _shop.Management.UntilRecordedAsync("123", 1);
        var id = await _shop.Shop.BuyAsync("123");
        await _shop.Management.UntilRecordedAsync("123", 2);
        Assert.Equal([id, PurchaseId.FromPosition("purchases", 0, 1, LogSeed.AppendedAt)], await _shop.Management.ReadAllAsync("/api/v1/purchases/123"));

        var broken = letters.Single(letter => letter.GetProperty("offset").GetInt64() == 0);
        Assert.Equal(["id", "reason", "failedAt", "topic", "partition", "offset", "appendedAt", "text", "raw"], broken.EnumerateObject().Select(field => field.Name));
        Assert.Equal(PurchaseId.FromPosition("purchases", 0, 0, LogSeed.AppendedAt), broken.GetProperty("id").GetGuid());
        Assert.StartsWith("not valid JSON", broken.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal("1705663201.000000", broken.GetProperty("appendedAt").GetRawText());
        Assert.Equal("not json", broken.GetProperty("text").GetString());
        Assert.Equal(NoText, letters.Single(letter => letter.GetProperty("offset").GetInt64() == 2).GetProperty("raw").GetBytesFromBase64());
        Assert.Equal("", letters.Single(letter => letter.GetProperty("offset").GetInt64() == 3).GetProperty("text").GetString());
        Assert.Equal("price is required", letters.Single(letter => letter.GetProperty("offset").GetInt64() == 4).GetProperty("reason").GetString());
    }

    [Fact]
    public async Task A_dead_letter_replayed_unchanged_stays_a_dead_letter()
    {
        var id = await IdAtAsync(4);

        using var reply = await _shop.Management.PostAsync($"{Route}/{id}/replay", null);

        var problem = await reply.ProblemAsync(HttpStatusCode.UnprocessableEntity);
        Assert.Equal("price is required", problem.GetProperty("detail").GetString());
        Assert.Equal(4, (await ListAsync()).Count);
    }

    [Fact]
    public async Task An_invalid_correction_changes_nothing()
    {
        var id = await IdAtAsync(4);

        using var reply = await _shop.Management.PostAsync($"{Route}/{id}/replay", Support.Http.Json("""{"userid":"123","username":"user1","price":-1}"""));

        await reply.ProblemAsync(HttpStatusCode.UnprocessableEntity);
        Assert.Equal(4, (await ListAsync()).Count);
    }

    [Fact]
    public async Task An_unreadable_correction_is_refused()
    {
        var id = await IdAtAsync(4);

        var reply = await RawHttp.SendAsync(
            _shop.Management.BaseAddress!,
            $"POST {Route}/{id}/replay HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "ffffffffffffffff\r\n{}\r\n0\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400 ", reply, StringComparison.Ordinal);
        Assert.Equal(4, (await ListAsync()).Count);
    }

    [Fact]
    public async Task A_corrected_dead_letter_is_recorded_and_removed()
    {
        var id = await IdAtAsync(4);

        using var reply = await _shop.Management.PostAsync($"{Route}/{id}/replay", Support.Http.Json("""{"userid":"replayed","username":"user1","price":12.00,"item":"tea"}"""));

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.Equal(
            $$$"""{"status":"recorded","purchase":{"id":"{{{id}}}","username":"user1","userid":"replayed","price":12.00,"item":"tea","timestamp":1705663201.000000}}""",
            await reply.Content.ReadAsStringAsync());
        Assert.Equal([id], await _shop.Shop.ReadAllAsync("/api/v1/getAllUserBuys/replayed"));
        Assert.Equal(3, (await ListAsync()).Count);

        using var again = await _shop.Management.PostAsync($"{Route}/{id}/replay", null);
        await again.ProblemAsync(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_dead_letter_corrected_to_a_recorded_purchase_is_a_duplicate_and_removed()
    {
        var id = await _shop.Shop.BuyAsync("bought");
        await _shop.Management.UntilRecordedAsync("bought", 1);

        using var reply = await _shop.Management.PostAsync(
            $"{Route}/{await IdAtAsync(4)}/replay", Support.Http.Json($$"""{"id":"{{id}}","userid":"bought","username":"user1","price":1}"""));

        using var json = JsonDocument.Parse(await reply.Content.ReadAsStringAsync());
        Assert.Equal("duplicate", json.RootElement.GetProperty("status").GetString());
        Assert.Equal([id], await _shop.Management.ReadAllAsync("/api/v1/purchases/bought"));
        Assert.Equal(3, (await ListAsync()).Count);
    }

    [Fact]
    public async Task A_dropped_dead_letter_is_removed()
    {
        var id = await IdAtAsync(0);

        using var reply = await _shop.Management.DeleteAsync($"{Route}/{id}");
        using var again = await _shop.Management.DeleteAsync($"{Route}/{id}");

        Assert.Equal(HttpStatusCode.NoContent, reply.StatusCode);
        await again.ProblemAsync(HttpStatusCode.NotFound);
        Assert.DoesNotContain(await ListAsync(), letter => letter.GetProperty("id").GetGuid() == id);
    }

    [Fact]
    public async Task An_unknown_dead_letter_is_not_found()
    {
        using var replay = await _shop.Management.PostAsync($"{Route}/{Guid.NewGuid()}/replay", null);
        using var drop = await _shop.Management.DeleteAsync($"{Route}/{Guid.NewGuid()}");
        using var noId = await _shop.Management.DeleteAsync($"{Route}/17");

        await replay.ProblemAsync(HttpStatusCode.NotFound);
        await drop.ProblemAsync(HttpStatusCode.NotFound);
        await noId.ProblemAsync(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_list_of_dead_letters_honours_its_limit()
    {
        using var json = JsonDocument.Parse(await _shop.Management.GetStringAsync($"{Route}?limit=3"));
        using var none = await _shop.Management.GetAsync($"{Route}?limit=0");

        Assert.Equal(3, json.RootElement.GetArrayLength());
        await none.RefusesAsync("limit");
    }

    [Fact]
    public async Task The_list_of_dead_letters_is_paged()
    {
        using var noCursor = await _shop.Management.GetAsync($"{Route}?before=yesterday&limit=1001");

        Assert.Equal((await ListAsync()).Select(letter => letter.GetProperty("id").GetGuid()), await _shop.Management.ReadAllAsync($"{Route}?limit=1"));
        Assert.Equal(4, (await _shop.Management.ReadAllAsync($"{Route}?limit=3")).Count);
        Assert.Null((await _shop.Management.ReadPageAsync($"{Route}?limit=4")).Next);
        await noCursor.RefusesAsync("before", "limit");
    }

    private async Task<Guid> IdAtAsync(long offset) =>
        (await ListAsync()).Single(letter => letter.GetProperty("offset").GetInt64() == offset).GetProperty("id").GetGuid();

    private async Task<List<JsonElement>> ListAsync()
    {
        using var json = JsonDocument.Parse(await _shop.Management.GetStringAsync(Route));
        return [.. json.RootElement.EnumerateArray().Select(letter => letter.Clone())];
    }
}
