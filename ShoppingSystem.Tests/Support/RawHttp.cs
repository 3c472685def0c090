using System.Net.Sockets;
using System.Text;

namespace ShoppingSystem.Tests.Support;

/// <summary>HTTP that no client library would send.</summary>
internal static class RawHttp
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Task<string> SendAsync(Uri server, string request) => SendAsync(server, Encoding.UTF8.GetBytes(request));

    /// <summary>
    /// Sends these bytes on a connection of their own, says that no more will come, and answers with everything that comes
    /// back; nothing when the server just hangs up.
    /// </summary>
    public static async Task<string> SendAsync(Uri server, ReadOnlyMemory<byte> request)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, patience.Token);
        var stream = client.GetStream();
        using var reply = new MemoryStream();
        try
        {
            await stream.WriteAsync(request, patience.Token);
            client.Client.Shutdown(SocketShutdown.Send);
            await stream.CopyToAsync(reply, patience.Token);
        }
        catch (IOException)
        {
            // Reset: the server had enough. What it said before counts.
        }

        return Encoding.Latin1.GetString(reply.ToArray());
    }
}
