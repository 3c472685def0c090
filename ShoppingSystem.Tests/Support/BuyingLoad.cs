using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace ShoppingSystem.Tests.Support;

/// <summary>
/// Customers who buy one thing after the other and remember what they were told. What was not acknowledged they try again,
/// under the same key, until it is.
/// </summary>
/// <param name="customers">How many buy at the same time.</param>
/// <param name="pause">How long each waits until it buys again.</param>
internal sealed class BuyingLoad(int customers, TimeSpan pause = default)
{
    private const int UsersShared = 8;
    private static readonly TimeSpan AfterAFailure = TimeSpan.FromMilliseconds(10);
    private readonly ConcurrentQueue<Attempt> _unanswered = new();
    private readonly ConcurrentDictionary<Guid, string> _acknowledged = new();
    private readonly ConcurrentDictionary<int, int> _refusals = new();
    private int _next;
    private int _broken;
    private int _doubled;

    /// <summary>The ids of what was acknowledged, with the key under which it was bought.</summary>
    public IReadOnlyDictionary<Guid, string> Acknowledged => _acknowledged;

    /// <summary>How often two purchases were acknowledged under one id.</summary>
    public int Doubled => _doubled;

    /// <summary>How many requests were sent but never answered.</summary>
    public int Broken => _broken;

    /// <summary>How many were answered with anything but an acknowledgement, by status.</summary>
    public IReadOnlyDictionary<int, int> Refusals => _refusals;

    public static IEnumerable<string> Users => Enumerable.Range(0, UsersShared).Select(user => $"customer {user}");

    /// <summary>Buys until told to stop.</summary>
    public Task RunAsync(Uri shop, CancellationToken stop) =>
        Task.WhenAll(Enumerable.Range(0, customers).Select(_ => Task.Run(() => RunOneAsync(shop, stop), CancellationToken.None)));

    /// <summary>Tries again everything that has not been acknowledged, until it has been.</summary>
    public async Task RetryAsync(HttpClient shop)
    {
        while (_unanswered.TryDequeue(out var attempt))
        {
            if (!await BuyAsync(shop, attempt))
            {
                await Task.Delay(100);
            }
        }
    }

    /// <summary>
    /// Holds the record against what was acknowledged, and prints the figures. Everything must have been tried again until
    /// it was acknowledged, so that nothing else can be there.
    /// </summary>
    public void NothingIsLostOrDoubled(IReadOnlyCollection<Guid> recorded, ITestOutputHelper output, string circumstances)
    {
        var lost = MissingFrom(recorded).Count;
        var doubled = recorded.Count - recorded.Distinct().Count(_acknowledged.ContainsKey);
        output.WriteLine(
            $"{circumstances}: {_acknowledged.Count} acknowledged, {recorded.Count} recorded, {lost} lost, {doubled} doubled; "
            + $"{_broken} requests were never answered, refused: {string.Join(", ", _refusals.Select(refusal => $"{refusal.Value} x {refusal.Key}"))}");
        Assert.True(lost == 0, $"{circumstances}: {lost} lost");
        Assert.True(doubled == 0, $"{circumstances}: {doubled} doubled");
        Assert.Equal(0, _doubled);
        Assert.False(_acknowledged.IsEmpty, "nothing was bought");
        Assert.All(_refusals, refusal => Assert.Equal(503, refusal.Key));
    }

    /// <summary>The ids of what was acknowledged but is not recorded.</summary>
    public List<Guid> MissingFrom(IEnumerable<Guid> recorded) => [.. _acknowledged.Keys.Except(recorded)];

    /// <summary>What the record holds of this load's users: the ids, each as often as it is there.</summary>
    public static async Task<List<Guid>> ReadRecordAsync(HttpClient management)
    {
        await Eventually.TrueAsync(async () =>
        {
            using var statistics = JsonDocument.Parse(await management.GetStringAsync("/api/v1/stats"));
            return statistics.RootElement.GetProperty("lag").EnumerateArray().All(partition => partition.GetProperty("lag").GetInt64() == 0);
        }, "everything in the log is recorded");
        return await ReadHistoriesAsync(management);
    }

    /// <summary>What the record holds of this load's users by now.</summary>
    private static async Task<List<Guid>> ReadHistoriesAsync(HttpClient management)
    {
        var ids = new List<Guid>();
        foreach (var user in Users)
        {
            ids.AddRange(await management.ReadAllAsync($"/api/v1/purchases/{Uri.EscapeDataString(user)}?limit=1000"));
        }

        return ids;
    }

    /// <summary>
    /// The same once all that was acknowledged is there, or after a minute. Readers of Kafka can be a moment behind and not
    /// know it: what they say of their lag is as old as their last fetch.
    /// </summary>
    public async Task<List<Guid>> ReadAllHistoriesAsync(HttpClient management)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var ids = await ReadHistoriesAsync(management);
            if (MissingFrom(ids).Count == 0 || Stopwatch.GetElapsedTime(started) > ChildProcess.Timeout)
            {
                return ids;
            }

            await Task.Delay(200);
        }
    }

    private async Task RunOneAsync(Uri shop, CancellationToken stop)
    {
        using var client = new HttpClient { BaseAddress = shop };
        while (!stop.IsCancellationRequested)
        {
            var attempt = _unanswered.TryDequeue(out var again) ? again : NextAttempt();
            await Task.Delay(await BuyAsync(client, attempt) ? pause : AfterAFailure, CancellationToken.None);
        }
    }

    private Attempt NextAttempt()
    {
        var number = Interlocked.Increment(ref _next);
        return new Attempt($"customer {number % UsersShared}", $"purchase {number}");
    }

    private async Task<bool> BuyAsync(HttpClient shop, Attempt attempt)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/buy")
            {
                Content = Http.Json($$"""{"username":"user1","userid":"{{attempt.UserId}}","price":12.00}"""),
                Headers = { { "Idempotency-Key", attempt.Key } },
            };
            using var reply = await shop.SendAsync(request, CancellationToken.None);
            if (reply.StatusCode is HttpStatusCode.Accepted)
            {
                using var json = JsonDocument.Parse(await reply.Content.ReadAsStringAsync(CancellationToken.None));
                if (!_acknowledged.TryAdd(json.RootElement.GetProperty("data").GetProperty("id").GetGuid(), attempt.Key))
                {
                    Interlocked.Increment(ref _doubled);
                }

                return true;
            }

            _refusals.AddOrUpdate((int)reply.StatusCode, 1, (_, count) => count + 1);
        }
        catch (HttpRequestException e)
        {
            // Not even connected: nobody has seen the request.
            if (e.HttpRequestError is not HttpRequestError.ConnectionError)
            {
                Interlocked.Increment(ref _broken);
            }
        }

        _unanswered.Enqueue(attempt);
        return false;
    }

    private sealed record Attempt(string UserId, string Key);
}
