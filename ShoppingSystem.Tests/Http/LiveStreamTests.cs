using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

/// <summary>The stream of statistics, with many who watch and much to tell.</summary>
public sealed class LiveStreamTests
{
    [Fact]
    public async Task Whoever_watches_sees_the_same_while_purchases_pour_in_and_nobody_waits_for_a_slow_viewer()
    {
        const int viewers = 20;
        const int purchases = 3000;
        await using var shop = await InProcessShop.StartAsync();

        // Hundreds of viewers who open the stream and read nothing.
        var asleep = new List<TcpClient>();
        for (var i = 0; i < 200; i++)
        {
            asleep.Add(await AskAndSleepAsync(shop.Management.BaseAddress!));
        }

        var watching = Enumerable.Range(0, viewers).Select(_ => WatchAsync(shop.Management, purchases)).ToList();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async buyer =>
        {
            for (var i = buyer; i < purchases; i += 16)
            {
                await shop.Shop.BuyAsync($"user-{buyer}");
            }
        }));

        foreach (var seen in await Task.WhenAll(watching))
        {
            Assert.Equal(purchases, seen[^1]);
            Assert.Equal(seen.Order(), seen);
        }

        asleep.ForEach(viewer => viewer.Dispose());
    }

    [Fact]
    public async Task Viewers_of_the_statistics_share_one_query_of_the_store()
    {
        const int viewers = 50;
        await using var shop = await InProcessShop.StartAsync(new StoppedClock());
        var streams = new List<Stream>();
        var texts = new List<string>();
        for (var i = 0; i < viewers; i++)
        {
            var stream = await shop.Management.GetStreamAsync("/api/v1/stats/stream");
            streams.Add(stream);
            texts.Add((await new StreamReader(stream).ReadLineAsync())!);
        }

        // What was put together for the first is shown to all, for as long as the clock stands still.
        await shop.Shop.BuyAsync("ada");
        await shop.Management.UntilRecordedAsync("ada", 1);
        texts.Add((await new StreamReader(await shop.Management.GetStreamAsync("/api/v1/stats/stream")).ReadLineAsync())!);
        Assert.Single(texts.Distinct());
        streams.ForEach(stream => stream.Dispose());
    }

    private sealed class StoppedClock : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }

    // The totals that it is told, until they are all there.
    private static async Task<List<long>> WatchAsync(HttpClient management, long until)
    {
        var seen = new List<long>();
        using var stream = new StreamReader(await management.GetStreamAsync("/api/v1/stats/stream"));
        while (seen is [] || seen[^1] < until)
        {
            var line = await stream.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(2)) ?? throw new EndOfStreamException();
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                using var json = JsonDocument.Parse(line["data: ".Length..]);
                seen.Add(json.RootElement.GetProperty("recorded").GetInt64());
            }
        }

        return seen;
    }

    private static async Task<TcpClient> AskAndSleepAsync(Uri address)
    {
        var client = new TcpClient { ReceiveBufferSize = 1024 };
        await client.ConnectAsync(address.Host, address.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET /api/v1/stats/stream HTTP/1.1\r\nHost: {address.Authority}\r\n\r\n"));
        return client;
    }
}
