using System.Buffers;
using System.Text;
using ShoppingSystem.LoadTest;

namespace ShoppingSystem.Tests.LoadTest;

public sealed class HttpReplyTests
{
    private const string Plain = "HTTP/1.1 202 Accepted\r\nContent-Length: 11\r\nServer: Kestrel\r\n\r\nhello world";
    private const string Chunked =
        "HTTP/1.1 202 Accepted\r\ntransfer-encoding: CHUNKED\r\n\r\n6\r\nhello \r\n5;note=x\r\nworld\r\n0\r\n\r\n";
    private const string Trailers = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\nDigest: x\r\n\r\n";

    [Theory]
    [InlineData(Plain, 202)]
    [InlineData(Chunked, 202)]
    [InlineData(Trailers, 200)]
    public void A_reply_is_read_once_it_is_complete(string text, int status)
    {
        for (var length = 0; length < text.Length; length++)
        {
            Assert.Equal(OperationStatus.NeedMoreData, Read(text[..length], out _, out _));
        }

        Assert.Equal(OperationStatus.Done, Read(text, out var reply, out var body));
        Assert.Equal(status, reply.Status);
        Assert.Equal("hello world", body);
        Assert.True(reply.KeepAlive);
    }

    [Theory]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", 204, true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 200, false)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 200, false)]
    public void The_end_of_the_connection_is_recognized(string text, int status, bool keepAlive)
    {
        Assert.Equal(OperationStatus.Done, Read(text, out var reply, out _));
        Assert.Equal((status, keepAlive, 0), (reply.Status, reply.KeepAlive, reply.BodyLength));
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n\r\n")]
    [InlineData("HTTP/1.1 abc\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n")]
    public void An_invalid_or_unsupported_reply_is_refused(string text) =>
        Assert.Equal(OperationStatus.InvalidData, Read(text, out _, out _));

    [Fact]
    public void The_Retry_After_header_is_read()
    {
        Read("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", out var seconds, out _);
        Assert.Equal(TimeSpan.FromSeconds(7), seconds.RetryAfter);

        Read("HTTP/1.1 429 Too Many Requests\r\nRetry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\nContent-Length: 0\r\n\r\n", out var past, out _);
        Assert.Equal(TimeSpan.Zero, past.RetryAfter);

        Read(Plain, out var none, out _);
        Assert.Null(none.RetryAfter);
    }

    private static OperationStatus Read(string text, out HttpReply reply, out string body)
    {
        var received = Encoding.ASCII.GetBytes(text);
        var status = HttpReply.TryRead(received, out reply);
        body = Encoding.ASCII.GetString(received, reply.BodyStart, reply.BodyLength);
        return status;
    }
}
