using System.Net.Sockets;
using System.Text;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

/// <summary>What a client may send, how much of it, and how slowly.</summary>
public sealed class LimitTests(ShopFixture fixture) : IClassFixture<ShopFixture>
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);
    private readonly InProcessShop _shop = fixture.Shop;

    public static TheoryData<string, string, int> TooMuch => new()
    {
        { "a header", $"GET / HTTP/1.1\r\nHost: shop\r\nX-Long: {new string('x', 17 * 1024)}\r\n\r\n", 431 },
        { "many headers", $"GET / HTTP/1.1\r\nHost: shop\r\n{Headers(200, 1)}\r\n", 431 },
        { "headers in all", $"GET / HTTP/1.1\r\nHost: shop\r\n{Headers(50, 400)}\r\n", 431 },
        { "a request line", $"GET /{new string('x', 9 * 1024)} HTTP/1.1\r\nHost: shop\r\n\r\n", 414 },
        { "a body", $"POST /api/v1/buy HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n", 413 },
    };

    public static TheoryData<string, string> Stalled => new()
    {
        { "in the headers", "GET / HTTP/1.1\r\nHost: shop\r\nX-Slow:" },
        { "in the body", "POST /api/v1/buy HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{" },
        { "in a chunk", "POST /api/v1/buy HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{" },
    };

    [Theory]
    [MemberData(nameof(TooMuch))]
    public async Task A_request_above_a_limit_is_refused(string what, string request, int status)
    {
        var reply = await RawHttp.SendAsync(_shop.Shop.BaseAddress!, request);

        Assert.True(reply.StartsWith($"HTTP/1.1 {status} ", StringComparison.Ordinal), $"{what}: {reply}");
        Assert.DoesNotContain("\nServer:", reply, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>A client that holds a connection and sends next to nothing on it is one of thousands that do.</summary>
    [Theory]
    [MemberData(nameof(Stalled))]
    public async Task A_stalled_client_is_disconnected(string where, string request)
    {
        using var timeout = new CancellationTokenSource(Timeout);
        using var client = new TcpClient();
        await client.ConnectAsync(_shop.Shop.BaseAddress!.Host, _shop.Shop.BaseAddress.Port, timeout.Token);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), timeout.Token);

        var reply = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            for (int read; (read = await stream.ReadAsync(buffer, timeout.Token)) > 0;)
            {
                reply.Append(Encoding.ASCII.GetString(buffer, 0, read));
            }
        }
        catch (IOException)
        {
            // Hung up on, without a word.
        }

        Assert.True(reply.Length == 0 || reply.ToString().StartsWith("HTTP/1.1 408 ", StringComparison.Ordinal), $"{where}: {reply}");
    }

    private static string Headers(int count, int size) => string.Concat(Enumerable.Range(0, count).Select(i => $"X-{i}: {new string('x', size)}\r\n"));
}
