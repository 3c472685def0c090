using System.Net.Sockets;
using System.Text;

namespace ShoppingSystem.Tests.Support;

/// <summary>HTTP that no client library would send.</summary>
internal static class RawHttp
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan UntilItWaitsForMore = TimeSpan.FromSeconds(5);

    public static Task<string> SendAsync(Uri server, string request) => SendAsync(server, Encoding.UTF8.GetBytes(request), UntilItWaitsForMore);

    /// <summary>
    /// Sends these bytes on a connection of their own and answers with what comes back, to the end of the connection or at
    /// least to the first event of a stream; nothing when the server just hangs up. A server that has not answered after
    /// <paramref name="untilItWaitsForMore"/> is told that no more will come.
    /// </summary>
    public static async Task<string> SendAsync(Uri server, ReadOnlyMemory<byte> request, TimeSpan untilItWaitsForMore)
    {
        using var timeout = new CancellationTokenSource(Timeout);
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(server.Host, server.Port, timeout.Token);
        var stream = client.GetStream();
        var reply = new StringBuilder();
        var buffer = new byte[16 * 1024];
        try
        {
            // Beside the reading: a server that refuses early stops taking the rest.
            var writing = stream.WriteAsync(request, timeout.Token).AsTask();
            var reading = stream.ReadAsync(buffer, timeout.Token).AsTask();
            var saidAll = false;
            if (await Task.WhenAny(reading, Task.Delay(untilItWaitsForMore, timeout.Token)) != reading)
            {
                await writing;
                client.Client.Shutdown(SocketShutdown.Send);
                saidAll = true;
            }

            for (int read; (read = await reading) > 0; reading = stream.ReadAsync(buffer, timeout.Token).AsTask())
            {
                reply.Append(Encoding.Latin1.GetString(buffer, 0, read));
                if (!saidAll && writing.IsCompleted)
                {
                    // It has answered. A server that was promised more would wait for it before it hangs up.
                    saidAll = true;
                    client.Client.Shutdown(SocketShutdown.Send);
                }

                if (IsEventStream(reply))
                {
                    break;
                }
            }

            await writing;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // Reset: the server had enough. What it said before counts.
        }

        return reply.ToString();
    }

    private static bool IsEventStream(StringBuilder reply) =>
        reply.Length < 4096 && reply.ToString() is var text && text.Contains("text/event-stream", StringComparison.Ordinal) && text.Contains("\r\n\r\n", StringComparison.Ordinal);
}
