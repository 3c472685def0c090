using System.Net.Sockets;
using System.Text;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Standalone;

public sealed class ShutdownTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _directory = StandaloneProcess.NewDataDirectory();

    [Theory]
    [InlineData(ChildProcess.Sigterm)]
    [InlineData(ChildProcess.Sigint)]
    public async Task A_shop_stopped_under_load_finishes_the_requests_it_has_begun(int signal)
    {
        var load = new BuyingLoad(32);
        await using (var standalone = await StandaloneProcess.StartAsync(_directory))
        {
            using var stop = new CancellationTokenSource();
            var buying = load.RunAsync(standalone.Shop.BaseAddress!, stop.Token);
            await Eventually.TrueAsync(() => load.Acknowledged.Count > 500, "customers buy");
            var exitCode = await standalone.StopAsync(signal);
            await stop.CancelAsync();
            await buying;
            Assert.Equal(0, exitCode);
            Assert.Equal("", standalone.Errors);
            Assert.DoesNotContain("fail:", standalone.Output, StringComparison.Ordinal);
        }

        await using var again = await StandaloneProcess.StartAsync(_directory);
        var recorded = await BuyingLoad.ReadRecordAsync(again.Management);

        // Nothing was tried again, so what is recorded but was not acknowledged would be a reply that got lost.
        load.NothingIsLostOrDoubled(recorded, output, $"told to stop by signal {signal}");
    }

    [Fact]
    public async Task Requests_begun_before_a_stop_are_answered_in_full()
    {
        const int Requests = 32;
        const string Body = """{"username":"Ada","userid":"begun","price":1}""";
        await using (var standalone = await StandaloneProcess.StartAsync(_directory))
        {
            var shop = standalone.Shop.BaseAddress!;
            var begun = new List<TcpClient>();
            for (var i = 0; i < Requests; i++)
            {
                var client = new TcpClient { NoDelay = true };
                await client.ConnectAsync(shop.Host, shop.Port);
                var framing = i % 2 == 0 ? $"Content-Length: {Body.Length}" : "Transfer-Encoding: chunked";
                var head = $"POST /api/v1/buy HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n{framing}\r\nExpect: 100-continue\r\n\r\n";
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));

                // It says so when it is at the body.
                await client.GetStream().ReadExactlyAsync(new byte["HTTP/1.1 100 Continue\r\n\r\n".Length]);
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(i % 2 == 0 ? Body[..10] : $"{Body.Length:x}\r\n{Body[..10]}"));
                begun.Add(client);
            }

            standalone.Signal();
            await Eventually.TrueAsync(async () => !await AcceptsAsync(shop), "it takes no new connections");
            Assert.False(standalone.HasExited);
            var answered = 0;
            foreach (var client in begun)
            {
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(answered % 2 == 0 ? Body[10..] : $"{Body[10..]}\r\n0\r\n\r\n"));
                using var reader = new StreamReader(client.GetStream());
                var reply = await reader.ReadToEndAsync();
                Assert.StartsWith("HTTP/1.1 202 ", reply, StringComparison.Ordinal);
                Assert.Contains("Connection: close", reply, StringComparison.Ordinal);
                Assert.Contains("\"userid\":\"begun\"", reply, StringComparison.Ordinal);
                Assert.EndsWith("}\r\n0\r\n\r\n", reply, StringComparison.Ordinal);
                answered++;
                client.Dispose();
            }

            Assert.Equal(0, await standalone.ExitAsync());
            output.WriteLine($"{Requests} requests had begun when SIGTERM came, {answered} answered in full");
        }

        await using var again = await StandaloneProcess.StartAsync(_directory);
        await again.Management.UntilRecordedAsync("begun", Requests);
    }

    [Fact]
    public async Task Viewers_of_the_statistics_do_not_delay_a_stop()
    {
        await using var standalone = await StandaloneProcess.StartAsync(_directory);
        using var viewer = await standalone.Management.GetAsync("/api/v1/stats/stream", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", viewer.Content.Headers.ContentType?.MediaType);

        Assert.Equal(0, await standalone.StopAsync());

        // Kestrel breaks open requests off when its time for them is over; this one was ended properly before.
        Assert.StartsWith("data: {", await viewer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task<bool> AcceptsAsync(Uri server)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(server.Host, server.Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
