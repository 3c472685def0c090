using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ShoppingSystem.Ledger;
using ShoppingSystem.MockKafka;
using ShoppingSystem.Purchases;
using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Sqlite;
using ShoppingSystem.Storefront;
using ShoppingSystem.Tests.Sqlite;
using ShoppingSystem.Tests.Support;
using Xunit.Abstractions;

namespace ShoppingSystem.Tests.Kafka;

/// <summary>
/// The cluster's way of a purchase: HTTP to a storefront, Kafka over TCP, recorders of one group, one store. Notes what was
/// acknowledged, and at the end holds the record against it.
/// </summary>
internal sealed class Pipeline : IAsyncDisposable
{
    public const string Topic = "purchases";
    public const string Group = "management-api-group";
    public const int Partitions = 12;

    private readonly ITestOutputHelper _output;
    private readonly (string, string)[] _settings;
    private readonly TemporaryRecord _record = new();
    private readonly ConcurrentBag<(string UserId, Guid Id)> _acknowledged = [];
    private readonly List<WebApplication> _recorders = [];
    private readonly WebApplication _storefront;
    private readonly HttpClient _buyer;
    private int _refused;

    private Pipeline(Brokers brokers, WebApplication storefront, ITestOutputHelper output, (string, string)[] settings)
    {
        Brokers = brokers;
        _storefront = storefront;
        _output = output;
        _settings = settings;
        _buyer = new HttpClient { BaseAddress = new Uri(storefront.Urls.First()), Timeout = TimeSpan.FromMinutes(2) };
    }

    public Brokers Brokers { get; }

    public MockCluster Cluster => Brokers.Mock;

    /// <summary>Where the web server listens.</summary>
    public Uri Storefront => _buyer.BaseAddress!;

    public int Acknowledged => _acknowledged.Count;

    public int Refused => _refused;

    public long Recorded => Store.CountAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>How many partitions each recorder reads.</summary>
    public List<int> Shares => [.. _recorders.Select(recorder => recorder.Services.GetRequiredService<IPurchaseFeed>().Lag.Count)];

    public SqlitePurchaseStore Store => new(_record.Database);

    public SqliteDeadLetters DeadLetters => new(_record.Database);

    public static Task<Pipeline> StartAsync(ITestOutputHelper output, int recorders = 1) => StartAsync(Brokers.New(), output, recorders);

    /// <summary>For tests of faults, which <see cref="Cluster"/> makes.</summary>
    public static Task<Pipeline> StartOnMockAsync(ITestOutputHelper output, int recorders = 1, params (string, string)[] settings) =>
        StartAsync(Brokers.NewMock(), output, recorders, settings);

    private static async Task<Pipeline> StartAsync(Brokers brokers, ITestOutputHelper output, int recorders, params (string, string)[] settings)
    {
        var builder = NewBuilder(brokers, settings);
        builder.Services.AddKafka(builder.Configuration, log: true, feed: false);
        builder.AddStorefront();
        var storefront = builder.Build();
        storefront.UseServiceDefaults();
        storefront.MapStorefront();
        await storefront.StartAsync();
        var pipeline = new Pipeline(brokers, storefront, output, settings);
        for (var i = 0; i < recorders; i++)
        {
            await pipeline.AddRecorderAsync();
        }

        return pipeline;
    }

    /// <summary>One more management API, a member of the group.</summary>
    public async Task<WebApplication> AddRecorderAsync(Action<IServiceCollection>? services = null)
    {
        var builder = NewBuilder(Brokers, _settings);
        builder.Services.AddSingleton<IPurchaseStore>(Store);
        builder.Services.AddSingleton<IDeadLetters>(DeadLetters);
        builder.Services.AddKafka(builder.Configuration, log: false, feed: true);
        services?.Invoke(builder.Services);
        builder.AddLedger();
        var recorder = builder.Build();
        recorder.UseServiceDefaults();
        recorder.MapLedger();
        await recorder.StartAsync();
        _recorders.Add(recorder);
        return recorder;
    }

    /// <summary>Stops one as an orchestrator would.</summary>
    public async Task RemoveRecorderAsync(WebApplication recorder)
    {
        _recorders.Remove(recorder);
        await recorder.StopAsync();
        await recorder.DisposeAsync();
    }

    public async Task RemoveRecorderAsync() => await RemoveRecorderAsync(_recorders[0]);

    /// <summary>Buys from many connections until <paramref name="enough"/>; what is refused is not tried again.</summary>
    public async Task BuyAsync(Func<bool> enough, TimeSpan pause = default)
    {
        const int buyers = 16;
        var started = Stopwatch.GetTimestamp();
        var before = Acknowledged;
        await Task.WhenAll(Enumerable.Range(0, buyers).Select(async buyer =>
        {
            for (var i = 0; !enough(); i++)
            {
                await BuyAsync($"user-{buyer}-{i % 7}");
                await Task.Delay(pause);
            }
        }));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        _output.WriteLine($"{Acknowledged - before} acknowledged in {seconds:0.0} s ({(Acknowledged - before) / seconds:0}/s), {Refused} refused so far");
    }

    public Task BuyAsync(int count) => BuyAsync(() => Acknowledged >= count);

    public async Task<HttpStatusCode> BuyAsync(string userId)
    {
        using var reply = await _buyer.PostAsJsonAsync("/api/v1/buy", new { username = "Ada", userid = userId, price = 12.50m });
        if (reply.StatusCode is HttpStatusCode.Accepted)
        {
            var bought = await reply.Content.ReadFromJsonAsync<JsonObject>();
            _acknowledged.Add((userId, Guid.Parse((string)bought!["data"]!["id"]!)));
        }
        else
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, reply.StatusCode);
            Interlocked.Increment(ref _refused);
        }

        return reply.StatusCode;
    }

    public async Task<HttpStatusCode> StorefrontReadinessAsync()
    {
        using var reply = await _buyer.GetAsync("/-/ready");
        return reply.StatusCode;
    }

    /// <summary>
    /// Everything acknowledged is recorded, once. What was refused may have been recorded: nobody can know, which is what the
    /// refusal says.
    /// </summary>
    /// <param name="others">How many are recorded that were not bought here.</param>
    public async Task EverythingIsRecordedOnceAsync(long others = 0)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            await Eventually.TrueAsync(async () => (await MissingAsync()).Count == 0, TimeSpan.FromSeconds(120), "everything acknowledged is recorded");
        }
        catch (TimeoutException)
        {
            _output.WriteLine(Whereabouts.Describe(Brokers, await MissingAsync()));
            throw;
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var histories = await HistoriesAsync();
        Assert.All(histories, history => Assert.Equal(history.Count, history.Distinct().Count()));
        var recorded = histories.Sum(history => history.Count);
        Assert.Equal(recorded + others, Recorded);
        Assert.InRange(recorded, Acknowledged, Acknowledged + Refused);
        _output.WriteLine($"{Acknowledged} acknowledged, {Refused} refused; {recorded} recorded, all within {seconds:0.0} s after the last reply");
    }

    public async ValueTask DisposeAsync()
    {
        _buyer.Dispose();
        await _storefront.StopAsync();
        await _storefront.DisposeAsync();
        foreach (var recorder in _recorders.ToList())
        {
            await RemoveRecorderAsync(recorder);
        }

        Brokers.Dispose();
        await _record.DisposeAsync();
    }

    private async Task<List<Guid>> MissingAsync()
    {
        var recorded = (await HistoriesAsync()).SelectMany(history => history).ToHashSet();
        return [.. _acknowledged.Select(purchase => purchase.Id).Where(id => !recorded.Contains(id))];
    }

    private async Task<List<List<Guid>>> HistoriesAsync()
    {
        var histories = new List<List<Guid>>();
        foreach (var user in _acknowledged.Select(purchase => purchase.UserId).Distinct())
        {
            var history = new List<Guid>();
            PageCursor? before = null;
            do
            {
                var page = await Store.ReadHistoryAsync(user, 1000, before);
                history.AddRange(page.Purchases.Select(purchase => purchase.Id));
                before = page.Next;
            }
            while (before is not null);
            histories.Add(history);
        }

        return histories;
    }

    private static WebApplicationBuilder NewBuilder(Brokers brokers, (string, string)[] settings)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.Configure(brokers, settings);
        builder.AddServiceDefaults("test");
        return builder;
    }
}
