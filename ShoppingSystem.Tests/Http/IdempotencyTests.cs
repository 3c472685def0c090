using System.Net;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ShoppingSystem.Purchases;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

public sealed class IdempotencyTests(ShopFixture fixture) : IClassFixture<ShopFixture>
{
    private readonly InProcessShop _shop = fixture.Shop;

    [Fact]
    public async Task A_retry_under_the_same_key_is_the_same_purchase()
    {
        var first = await _shop.Shop.BuyAsync("retry", "12.00", key: "order 1");
        await _shop.Management.UntilRecordedAsync("retry", 1);

        var again = await _shop.Shop.BuyAsync("retry", "12.00", key: "order 1");
        using var classic = await BuyClassicAsync("retry", "order 1");
        var other = await _shop.Shop.BuyAsync("retry", "12.00", key: "order 2");

        Assert.Equal(first, again);
        Assert.Equal(first, classic.RootElement.GetProperty("id").GetGuid());
        Assert.NotEqual(first, other);

        // The log keeps the order of a user's purchases: when the last is recorded, the retries have been dealt with.
        await _shop.Management.UntilRecordedAsync("retry", 2);
        Assert.Equal([other, first], await _shop.Management.ReadAllAsync("/api/v1/purchases/retry"));
    }

    [Fact]
    public async Task Concurrent_requests_under_one_key_are_one_purchase()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => _shop.Shop.BuyAsync("impatient", key: "click")));
        var last = await _shop.Shop.BuyAsync("impatient");

        await Eventually.TrueAsync(async () => (await _shop.Management.ReadAllAsync("/api/v1/purchases/impatient")).Contains(last), "the last is recorded");
        Assert.Single(ids.Distinct());
        Assert.Equal([last, ids[0]], await _shop.Management.ReadAllAsync("/api/v1/purchases/impatient"));
    }

    [Theory]
    [InlineData("name", "user2", "12.00", "tea")]
    [InlineData("price", "user1", "13.50", "tea")]
    [InlineData("item", "user1", "12.00", "cake")]
    [InlineData("no item", "user1", "12.00", null)]
    public async Task A_different_purchase_under_the_same_key_is_refused(string what, string username, string price, string? item)
    {
        var userId = $"other {what}";
        var first = await _shop.Shop.BuyAsync(userId, "12.00", key: "k", item: "tea");
        foreach (var path in (string[])["/api/v1/buy", "/api/buy"])
        {
            using var reply = await BuyAsync(_shop.Shop, path, username, userId, price, item, "k");

            var problem = await reply.ProblemAsync(HttpStatusCode.UnprocessableEntity);
            Assert.Contains("Idempotency-Key", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        var last = await _shop.Shop.BuyAsync(userId, price, key: "l");
        await _shop.Management.UntilRecordedAsync(userId, 2);
        Assert.Equal([last, first], await _shop.Management.ReadAllAsync($"/api/v1/purchases/{userId}"));
    }

    [Fact]
    public async Task A_retry_is_answered_with_the_id_the_time_and_the_price_of_the_first_attempt()
    {
        var clock = new FakeTimeProvider(Some.Moment);
        await using var shop = await InProcessShop.StartAsync(clock);
        using var first = await BuyAsync(shop.Shop, "/api/v1/buy", "user1", "u1", "50.0", null, "k");
        clock.Advance(TimeSpan.FromMinutes(4));
        using var again = await BuyAsync(shop.Shop, "/api/v1/buy", "user1", "u1", "50.00", null, "k");

        Assert.Equal(HttpStatusCode.Accepted, again.StatusCode);
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());

        // Until it is forgotten: then the id alone holds the two together.
        clock.Advance(TimeSpan.FromMinutes(1));
        using var late = await BuyAsync(shop.Shop, "/api/v1/buy", "user1", "u1", "50.00", null, "k");
        using var said = JsonDocument.Parse(await late.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.Accepted, late.StatusCode);
        Assert.Equal("1705663500.123456", said.RootElement.GetProperty("data").GetProperty("timestamp").GetRawText());
        var last = await shop.Shop.BuyAsync("u1");
        await shop.Management.UntilRecordedAsync("u1", 2);
        using var history = JsonDocument.Parse(await shop.Management.GetStringAsync("/api/v1/purchases/u1"));
        Assert.Equal(last, history.RootElement[0].GetProperty("id").GetGuid());
        Assert.Equal("1705663200.123456", history.RootElement[1].GetProperty("timestamp").GetRawText());
        Assert.Equal("50.0", history.RootElement[1].GetProperty("price").GetRawText());
    }

    [Fact]
    public async Task A_key_reused_on_another_web_server_gives_the_same_purchase_or_a_dead_letter()
    {
        await using var shop = await InProcessShop.StartAsync();
        await using var other = await StorefrontHost.StartAsync(shop.Storage.Log);
        await using var third = await StorefrontHost.StartAsync(shop.Storage.Log);
        var first = await shop.Shop.BuyAsync("u1", "12.00", key: "k", item: "tea");

        Assert.Equal(first, await other.Client.BuyAsync("u1", "12.00", key: "k", item: "tea"));
        using var conflict = await BuyAsync(third.Client, "/api/v1/buy", "user1", "u1", "13.50", "cake", "k");
        Assert.Equal(HttpStatusCode.Accepted, conflict.StatusCode);

        var letters = new List<JsonElement>();
        await Eventually.TrueAsync(
            async () => (letters = [.. JsonDocument.Parse(await shop.Management.GetStringAsync("/api/v1/dead-letters")).RootElement.EnumerateArray()]).Count > 0,
            "a dead letter");
        Assert.Equal($"another purchase has the id {first}: its price, item differ", Assert.Single(letters).GetProperty("reason").GetString());
        Assert.Equal([first], await shop.Management.ReadAllAsync("/api/v1/purchases/u1"));
    }

    [Fact]
    public async Task After_an_attempt_that_was_not_acknowledged_a_retry_is_appended_again_as_the_first_attempt_was()
    {
        var log = new UnreadyLog();
        var clock = new FakeTimeProvider(Some.Moment);
        await using var shop = await StorefrontHost.StartAsync(log, builder => builder.Services.AddSingleton<TimeProvider>(clock));
        var first = BuyAsync(shop.Client, "/api/v1/buy", "user1", "u1", "50.0", "tea", "k");
        await log.RefuseAsync();
        await (await first).ProblemAsync(HttpStatusCode.ServiceUnavailable);
        clock.Advance(TimeSpan.FromMinutes(1));

        using var other = await BuyAsync(shop.Client, "/api/v1/buy", "user1", "u1", "50.0", "cake", "k");
        await other.ProblemAsync(HttpStatusCode.UnprocessableEntity);
        var retry = BuyAsync(shop.Client, "/api/v1/buy", "user1", "u1", "50", "tea", "k");
        await log.ConfirmAsync();

        Assert.Equal(HttpStatusCode.Accepted, (await retry).StatusCode);
        Assert.Equal(2, log.Appended.Count);
        Assert.Equal(log.Appended[0], log.Appended[1]);
        Assert.Equal(1, log.Appended[1].Price.Scale);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_retry_during_an_append_is_answered_as_that_append(bool isDurable)
    {
        var log = new UnreadyLog();
        await using var shop = await StorefrontHost.StartAsync(log);
        List<Task<HttpResponseMessage>> attempts = [.. Enumerable.Range(0, 5).Select(_ => BuyAsync(shop.Client, "/api/v1/buy", "user1", "u1", "1", null, "k"))];
        await log.AskedAsync();

        // One that does not wait for the log is acknowledged meanwhile.
        await Task.WhenAny(Task.WhenAny(attempts), Task.Delay(TimeSpan.FromMilliseconds(500)));
        Assert.All(attempts, attempt => Assert.False(attempt.IsCompleted));
        var answering = log.AnswerAllAsync(isDurable);

        Assert.All(
            await Task.WhenAll(attempts),
            reply => Assert.Equal(isDurable ? HttpStatusCode.Accepted : HttpStatusCode.ServiceUnavailable, reply.StatusCode));
        log.End();
        await answering;
        Assert.Single(log.Appended.Distinct());
        Assert.True(!isDurable || log.Appended.Count == 1, $"{log.Appended.Count} appends of what is durable");
    }

    [Fact]
    public async Task The_same_key_of_another_user_is_another_purchase()
    {
        Assert.NotEqual(await _shop.Shop.BuyAsync("one", key: "k"), await _shop.Shop.BuyAsync("two", key: "k"));
        Assert.NotEqual(await _shop.Shop.BuyAsync("a", key: "b c"), await _shop.Shop.BuyAsync("a b", key: "c"));
    }

    [Fact]
    public async Task Without_a_key_every_request_is_a_purchase()
    {
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _shop.Shop.BuyAsync("often")));

        await _shop.Management.UntilRecordedAsync("often", 10);
    }

    private async Task<JsonDocument> BuyClassicAsync(string userId, string key)
    {
        using var reply = await BuyAsync(_shop.Shop, "/api/buy", "user1", userId, "12.00", null, key);
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        return JsonDocument.Parse(await reply.Content.ReadAsStringAsync());
    }

    private static async Task<HttpResponseMessage> BuyAsync(HttpClient shop, string path, string username, string userId, string price, string? item, string? key)
    {
        var user = path is "/api/buy" ? "userId" : "userid";
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = Support.Http.Json($$"""{"username":"{{username}}","{{user}}":"{{userId}}","price":{{price}}{{(item is null ? "" : $",\"item\":\"{item}\"")}}}"""),
        };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return await shop.SendAsync(request);
    }

    /// <summary>Says of one append after another what the test wants it to say.</summary>
    private sealed class UnreadyLog : IPurchaseLog
    {
        private readonly Channel<TaskCompletionSource> _waiting = Channel.CreateUnbounded<TaskCompletionSource>();

        public List<Purchase> Appended { get; } = [];

        public async ValueTask AppendAsync(Purchase purchase, CancellationToken cancellationToken = default)
        {
            var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (Appended)
            {
                Appended.Add(purchase);
            }

            Assert.True(_waiting.Writer.TryWrite(answer));
            await answer.Task;
        }

        public async Task AskedAsync() => Assert.True(await _waiting.Reader.WaitToReadAsync());

        public async Task AnswerAllAsync(bool isDurable)
        {
            while (await _waiting.Reader.WaitToReadAsync())
            {
                await (isDurable ? ConfirmAsync() : RefuseAsync());
            }
        }

        public void End() => _waiting.Writer.Complete();

        public async Task ConfirmAsync() => (await _waiting.Reader.ReadAsync()).SetResult();

        public async Task RefuseAsync() => (await _waiting.Reader.ReadAsync()).SetException(new PurchaseLogUnavailableException("not now"));
    }
}
