using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

/// <summary>A service that is told to stop finishes what it works on, and waits for nothing that has not come.</summary>
public sealed class StopTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    public static TheoryData<string, string> Halves => new()
    {
        { "the request line", "GE" },
        { "the headers", "GET / HTTP/1.1\r\nHost: shop\r\nX-Slow:" },
        { "the body", "POST /api/v1/buy HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{" },
        { "a chunk", "POST /api/v1/buy HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{" },
    };

    [Theory]
    [MemberData(nameof(Halves))]
    public async Task A_request_that_breaks_off_is_cut_off_and_one_that_is_worked_on_is_finished(string where, string half)
    {
        using var timeout = new CancellationTokenSource(Timeout);
        var log = new MemoryLog(open: false);
        await using var shop = await StorefrontHost.StartAsync(
            log, builder => builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = System.Threading.Timeout.InfiniteTimeSpan));
        var worked = shop.Client.PostAsync("/api/v1/buy", Support.Http.Json("""{"username":"Ada","userid":"1","price":1}"""), timeout.Token);
        using var client = new TcpClient();
        await client.ConnectAsync(shop.Client.BaseAddress!.Host, shop.Client.BaseAddress.Port, timeout.Token);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(half), timeout.Token);
        await Eventually.TrueAsync(() => log.Waiting == 1, "the first is worked on");

        var stopping = shop.StopAsync();
        var reply = await ReadToEndAsync(client.GetStream(), timeout.Token);

        Assert.False(stopping.IsCompleted, $"{where}: it stopped before the first was answered");
        Assert.Equal("", reply);
        log.Open();
        using var answer = await worked;
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        await stopping.WaitAsync(timeout.Token);
    }

    [Fact]
    public async Task A_purchase_whose_body_arrives_during_the_stop_is_accepted()
    {
        using var timeout = new CancellationTokenSource(Timeout);
        const string Body = """{"username":"Ada","userid":"1","price":1}""";
        var log = new MemoryLog(open: false);
        await using var shop = await StorefrontHost.StartAsync(
            log, builder => builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = System.Threading.Timeout.InfiniteTimeSpan));
        using var client = new TcpClient();
        await client.ConnectAsync(shop.Client.BaseAddress!.Host, shop.Client.BaseAddress.Port, timeout.Token);
        var head = $"POST /api/v1/buy HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\nExpect: 100-continue\r\n\r\n";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head), timeout.Token);
        await client.GetStream().ReadExactlyAsync(new byte["HTTP/1.1 100 Continue\r\n\r\n".Length], timeout.Token);

        var stopping = shop.StopAsync();
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(Body), timeout.Token);
        await Eventually.TrueAsync(() => log.Waiting == 1, "it is worked on");
        log.Open();

        Assert.StartsWith("HTTP/1.1 202 ", await ReadToEndAsync(client.GetStream(), timeout.Token), StringComparison.Ordinal);
        await stopping.WaitAsync(timeout.Token);
    }

    private static async Task<string> ReadToEndAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var reply = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
            {
                reply.Append(Encoding.ASCII.GetString(buffer, 0, read));
            }
        }
        catch (IOException)
        {
            // Reset.
        }

        return reply.ToString();
    }
}
