using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace ShoppingSystem.LoadTest;

/// <summary>How long acknowledged purchases took to appear in the history.</summary>
public sealed class LagFigures
{
    /// <summary>From the acknowledgement until the purchase was seen in the history.</summary>
    public LatencyHistogram Lag { get; } = new();

    /// <summary>The last lag that was measured or, when that is longer, the waiting time for the present purchase.</summary>
    public TimeSpan Current { get; internal set; }

    /// <summary>Why the lag is not known at present; null when it is.</summary>
    public string? Problem { get; internal set; }
}

/// <summary>
/// Measures the recording lag as a customer sees it: about every half second a user of its own buys something and reads
/// the history until it is there. The intervals grow, so that a measured lag is at most an eighth, or 2 ms, too long.
/// </summary>
internal sealed class LagProbe(HttpClient http, Histories histories, LoadPlan plan, string userId)
{
    private static readonly TimeSpan BuyEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ShortestPoll = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestPoll = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly LagFigures _figures = new();
    private long _waitingSince;

    public LagFigures Figures()
    {
        var copy = new LagFigures();
        lock (_gate)
        {
            var waiting = _waitingSince is 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(_waitingSince);
            copy.Lag.Add(_figures.Lag);
            copy.Current = waiting > _figures.Current ? waiting : _figures.Current;
            copy.Problem = _figures.Problem;
        }

        return copy;
    }

    /// <summary>Measures until <paramref name="stop"/>.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            try
            {
                var id = await BuyAsync(number, stop);
                SetWaiting(Stopwatch.GetTimestamp());
                await FindAsync(id, stop);
            }
            catch (Exception e) when (e is HttpRequestException or JsonException or IOException or HistoryException)
            {
                lock (_gate)
                {
                    _figures.Problem = e.Message;
                }
            }
            catch (OperationCanceledException)
            {
                // Either the measurement ends, or the server does not answer; then the next attempt may succeed.
            }

            SetWaiting(0);
            await Task.Delay(BuyEvery, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<Guid> BuyAsync(int number, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(plan.Url, "api/v1/buy"));
        request.Headers.Add("Idempotency-Key", number.ToString(CultureInfo.InvariantCulture));
        request.Content = new StringContent(
            $$"""{"username":"Lag probe","userid":"{{userId}}","price":1.00}""", Encoding.UTF8, "application/json");
        using var response = await http.SendAsync(request, stop);
        response.EnsureSuccessStatusCode();
        var reply = await response.Content.ReadFromJsonAsync(ProbeJson.Default.BuyReply, stop);
        return reply?.Data?.Id ?? throw new JsonException("the reply to the purchase has no id");
    }

    private async Task FindAsync(Guid id, CancellationToken stop)
    {
        while ((await histories.ReadLatestAsync(userId, stop))?.Id != id)
        {
            var next = Stopwatch.GetElapsedTime(_waitingSince) / 8;
            await Task.Delay(next < ShortestPoll ? ShortestPoll : next > LongestPoll ? LongestPoll : next, stop);
        }

        lock (_gate)
        {
            _figures.Problem = null;
            _figures.Current = Stopwatch.GetElapsedTime(_waitingSince);
            _figures.Lag.Record(_figures.Current);
        }
    }

    private void SetWaiting(long since)
    {
        lock (_gate)
        {
            _waitingSince = since;
        }
    }
}

internal sealed record BuyReply([property: System.Text.Json.Serialization.JsonPropertyName("data")] BuyReplyData? Data);

internal sealed record BuyReplyData([property: System.Text.Json.Serialization.JsonPropertyName("id")] Guid Id);

[System.Text.Json.Serialization.JsonSerializable(typeof(BuyReply))]
internal sealed partial class ProbeJson : System.Text.Json.Serialization.JsonSerializerContext;
