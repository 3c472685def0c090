using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

/// <summary>Whatever the web server hears from where the management API should be: a customer gets the truth, or "not now".</summary>
public sealed class ManagementApiFaultTests
{
    private const string Json = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

    [Theory]
    [InlineData(Json + "Content-Length: 1000\r\n\r\n")]
    [InlineData(Json + "Transfer-Encoding: chunked\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 12\r\n\r\n<p>Hello!</p>")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n")]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nno")]
    [InlineData("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]")]
    [InlineData("HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]")]
    [InlineData("220 smtp.example.com\r\n")]
    [InlineData("")]
    public async Task An_unusable_answer_of_the_management_API_is_reported_as_unavailable(string answer)
    {
        await using var management = new Impostor(answer);
        await using var shop = await StartAsync(management);

        foreach (var path in (string[])["/api/v1/getAllUserBuys/a", "/api/getAllUserBuys/a", "/api/v1/users/a/summary"])
        {
            using var reply = await shop.Client.GetAsync(path);

            await reply.ProblemAsync(HttpStatusCode.ServiceUnavailable);
            Assert.True(reply.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        }
    }

    [Theory]
    [InlineData("Content-Length: 1000\r\n\r\n[", true)]
    [InlineData("Content-Length: 1000\r\n\r\n[", false)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n", true)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n", false)]
    public async Task A_truncated_or_stalled_answer_is_not_passed_on_as_complete(string answer, bool hangUp)
    {
        await using var management = new Impostor(Json + answer, hangUp);
        await using var shop = await StartAsync(management, TimeSpan.FromSeconds(2));

        try
        {
            using var reply = await shop.Client.GetAsync("/api/v1/getAllUserBuys/a");
            await reply.ProblemAsync(HttpStatusCode.ServiceUnavailable);
        }
        catch (HttpRequestException)
        {
            // Broken off: what had come already could not be taken back.
        }
    }

    [Fact]
    public async Task A_management_API_that_sends_headers_but_no_body_is_reported_as_unavailable()
    {
        await using var management = new Impostor(Json + "Content-Length: 1000\r\n\r\n", hangUp: false);
        await using var shop = await StartAsync(management, TimeSpan.FromSeconds(2));

        using var reply = await shop.Client.GetAsync("/api/v1/getAllUserBuys/a");

        await reply.ProblemAsync(HttpStatusCode.ServiceUnavailable);
        Assert.True(reply.Headers.RetryAfter?.Delta > TimeSpan.Zero);
    }

    [Fact]
    public async Task A_redirect_of_the_management_API_is_not_followed()
    {
        await using var elsewhere = new Impostor(Json + "Content-Length: 2\r\n\r\n[]");
        await using var management = new Impostor($"HTTP/1.1 307 Temporary Redirect\r\nLocation: {elsewhere.Url}\r\nContent-Length: 0\r\n\r\n");
        await using var shop = await StartAsync(management);

        using var reply = await shop.Client.GetAsync("/api/v1/getAllUserBuys/a");

        await reply.ProblemAsync(HttpStatusCode.ServiceUnavailable);
        Assert.Empty(elsewhere.Heard);
        Assert.Contains("X-API-Key: secret", management.Heard, StringComparison.Ordinal);
    }

    private static Task<StorefrontHost> StartAsync(Impostor management, TimeSpan? timeout = null) => StorefrontHost.StartAsync(
        new MemoryLog(),
        builder => builder.Services.ConfigureAll<HttpClientFactoryOptions>(options =>
            options.HttpClientActions.Add(http => http.Timeout = timeout ?? TimeSpan.FromSeconds(60))),
        $"--services:management-api:http:0={management.Url}", "--Management:ApiKey=secret");

    /// <summary>Answers every connection with the same bytes.</summary>
    private sealed class Impostor : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _stopping = new();
        private readonly StringBuilder _heard = new();
        private readonly Task _listening;

        public Impostor(string answer, bool hangUp = true)
        {
            _listener.Start();
            Url = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
            _listening = ListenAsync(Encoding.ASCII.GetBytes(answer), hangUp);
        }

        public string Url { get; }

        public string Heard
        {
            get
            {
                lock (_heard)
                {
                    return _heard.ToString();
                }
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stopping.CancelAsync();
            await _listening;
            _listener.Stop();
            _stopping.Dispose();
        }

        private async Task ListenAsync(byte[] answer, bool hangUp)
        {
            var connections = new List<TcpClient>();
            var buffer = new byte[16 * 1024];
            try
            {
                while (true)
                {
                    var connection = await _listener.AcceptTcpClientAsync(_stopping.Token);
                    connections.Add(connection);
                    var stream = connection.GetStream();
                    var read = await stream.ReadAsync(buffer, _stopping.Token);
                    lock (_heard)
                    {
                        _heard.Append(Encoding.ASCII.GetString(buffer, 0, read));
                    }

                    await stream.WriteAsync(answer, _stopping.Token);
                    if (hangUp)
                    {
                        connection.Close();
                    }
                }
            }
            catch (OperationCanceledException)
            {
            }
            finally
            {
                connections.ForEach(connection => connection.Dispose());
            }
        }
    }
}
