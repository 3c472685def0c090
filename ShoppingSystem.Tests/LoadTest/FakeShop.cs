using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ShoppingSystem.LoadTest;

namespace ShoppingSystem.Tests.LoadTest;

/// <summary>
/// A shop with the HTTP contract of the real one that keeps purchases in memory, and misbehaves where a test tells it to.
/// </summary>
internal sealed class FakeShop : IAsyncDisposable
{
    private const int PageLength = 10;

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, List<Entry>> _histories = new();
    private readonly ConcurrentDictionary<string, Guid> _ids = new();
    private readonly ConcurrentQueue<string> _keys = new();

    private readonly CancellationTokenSource _stopping = new();

    private FakeShop(WebApplication app) => _app = app;

    /// <summary>Called for every buy request before anything else; what it returns, if anything, is the answer.</summary>
    public Func<Bought, Task<IResult?>> OnBuy { get; set; } = _ => Task.FromResult<IResult?>(null);

    /// <summary>Called with the user whenever a history is read.</summary>
    public Action<string> OnHistory { get; set; } = _ => { };

    /// <summary>What is answered to a purchase that is accepted all the same; normally null, for the acknowledgement.</summary>
    public Func<Bought, IResult?> Answer { get; set; } = _ => null;

    /// <summary>What is put into the history for a purchase; normally just that.</summary>
    public Func<Entry, IEnumerable<Entry>> Record { get; set; } = entry => [entry];

    /// <summary>Whether histories and summaries can be read.</summary>
    public Func<bool> CanRead { get; set; } = () => true;

    /// <summary>Writes the Link to the page of this user that ends before this entry.</summary>
    public Func<string, int, string> Link { get; set; } = (user, before) => $"</api/v1/getAllUserBuys/{user}?limit=1000&before={before}>; rel=\"next\"";

    /// <summary>Whether even the last page has a Link.</summary>
    public bool LinksOn { get; set; }

    /// <summary>Whether there are summaries.</summary>
    public bool HasSummaries { get; set; } = true;

    /// <summary>Ends with the shop.</summary>
    public CancellationToken Stopping => _stopping.Token;

    public Uri Url { get; private set; } = null!;

    /// <summary>The idempotency keys of all buy requests, in the order they came.</summary>
    public IReadOnlyCollection<string> Keys => _keys;

    public IReadOnlyCollection<string> Users => [.. _histories.Keys];

    /// <param name="prefix">What stands before the routes, such as <c>/shop</c>.</param>
    public static async Task<FakeShop> StartAsync(string prefix = "")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var shop = new FakeShop(app);
        app.MapPost($"{prefix}/api/v1/buy", (Delegate)shop.BuyAsync);
        app.MapGet(prefix + "/api/v1/getAllUserBuys/{userid}", shop.History);
        app.MapGet(prefix + "/api/v1/users/{userid}/summary", shop.Summary);
        await app.StartAsync();
        shop.Url = new Uri($"{app.Urls.Single()}{prefix}/");
        return shop;
    }

    /// <summary>Puts into the histories what was held back from them.</summary>
    public void RecordNow(IEnumerable<Entry> entries)
    {
        foreach (var entry in entries)
        {
            var history = _histories[entry.UserId];
            lock (history)
            {
                history.Add(entry);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _app.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task<IResult> BuyAsync(HttpContext context)
    {
        var key = context.Request.Headers["Idempotency-Key"].ToString();
        var purchase = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
        var user = purchase.GetProperty("userid").GetString()!;
        var isProbe = !purchase.TryGetProperty("item", out var item);
        var bought = new Bought(key, isProbe ? 0 : Enqueue(key));
        if (!isProbe && await OnBuy(bought) is { } refusal)
        {
            return refusal;
        }

        var id = _ids.GetOrAdd($"{user} {key}", _ => Guid.NewGuid());
        var entry = new Entry(id, user, purchase.GetProperty("price").GetDecimal(), isProbe ? null : item.GetString());
        var history = _histories.GetOrAdd(user, _ => []);
        lock (history)
        {
            if (!history.Exists(other => other.Id == id))
            {
                history.AddRange(Record(entry));
            }
        }

        return Answer(bought) ?? Results.Json(
            new { status = "success", message = "Purchase recorded", data = new { id, username = "x", userid = user, price = entry.Price } },
            statusCode: 202);
    }

    private int Enqueue(string key)
    {
        lock (_keys)
        {
            _keys.Enqueue(key);
            return _keys.Count;
        }
    }

    private IResult History(string userid, int? before, int limit, HttpResponse response)
    {
        OnHistory(userid);
        if (!CanRead())
        {
            return Results.StatusCode(503);
        }

        // Newest first, in pages shorter than was asked for; the cursor is how many are older.
        Entry[] all = [];
        if (_histories.TryGetValue(userid, out var history))
        {
            lock (history)
            {
                all = [.. history];
            }
        }

        var end = before ?? all.Length;
        var start = Math.Max(0, end - Math.Min(limit, PageLength));
        if (start > 0 || LinksOn)
        {
            response.Headers.Link = Link(userid, start);
        }

        return Results.Json(all[start..end].Reverse().Select(entry => new { id = entry.Id, userid = entry.UserId, username = "x", price = entry.Price, item = entry.Item }));
    }

    private IResult Summary(string userid)
    {
        if (!HasSummaries)
        {
            return Results.NotFound();
        }

        return CanRead()
            ? Results.Json(new { userid, purchases = _histories.TryGetValue(userid, out var history) ? history.Count : 0 })
            : Results.StatusCode(503);
    }
}

/// <summary>A buy request.</summary>
/// <param name="Key">Its idempotency key.</param>
/// <param name="Count">How many there have been, this one included.</param>
internal sealed record Bought(string Key, int Count);

/// <summary>A purchase in a history.</summary>
internal sealed record Entry(Guid Id, string UserId, decimal Price, string? Item)
{
    /// <summary>Which purchase of the run it is.</summary>
    public long Number => BuyRequests.TryReadNumber(Item, out var number) ? number : -1;
}

/// <summary>Looks on without a word.</summary>
internal sealed class Onlooker : ILoadTestObserver
{
    public List<SearchStep> Tried { get; } = [];

    public void Progress(LoadProgress progress)
    {
    }

    public void RateTried(SearchStep tried) => Tried.Add(tried);

    public void Verifying(int done, int users)
    {
    }
}
