using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace ShoppingSystem.LoadTest;

/// <summary>One HTTP/1.1 reply, read from the bytes a connection received.</summary>
/// <param name="Status">The status code.</param>
/// <param name="BodyStart">Where the body begins in the received bytes.</param>
/// <param name="BodyLength">How long it is, bytes; a chunked body is first joined in place.</param>
/// <param name="KeepAlive">Whether the connection can take another request.</param>
/// <param name="RetryAfter">How long the server asks to wait before trying again.</param>
internal readonly record struct HttpReply(int Status, int BodyStart, int BodyLength, bool KeepAlive, TimeSpan? RetryAfter)
{
    private const int StatusLineLength = 12;

    /// <summary>
    /// Reads the reply at the beginning of <paramref name="received"/>. Needs all of it: call again with more bytes when it
    /// returns <see cref="OperationStatus.NeedMoreData"/>.
    /// </summary>
    public static OperationStatus TryRead(Span<byte> received, out HttpReply reply)
    {
        reply = default;
        var headLength = received.IndexOf("\r\n\r\n"u8);
        if (headLength < 0)
        {
            return OperationStatus.NeedMoreData;
        }

        var head = received[..headLength];
        if (headLength < StatusLineLength
            || !head.StartsWith("HTTP/1."u8)
            || !Utf8Parser.TryParse(head[9..StatusLineLength], out int status, out var digits)
            || digits != 3)
        {
            return OperationStatus.InvalidData;
        }

        var fields = new Fields { KeepAlive = head[7] is (byte)'1' };
        for (var end = head.IndexOf("\r\n"u8); end >= 0; end = head.IndexOf("\r\n"u8))
        {
            head = head[(end + 2)..];
            var next = head.IndexOf("\r\n"u8);
            fields.Read(next < 0 ? head : head[..next]);
        }

        var bodyStart = headLength + 4;
        var body = received[bodyStart..];
        int length;
        if (fields.Chunked)
        {
            var result = JoinChunks(body, out length);
            if (result is not OperationStatus.Done)
            {
                return result;
            }
        }
        else if (fields.ContentLength is { } contentLength)
        {
            if (contentLength > body.Length)
            {
                return OperationStatus.NeedMoreData;
            }

            length = (int)contentLength;
        }
        else if (status is 204 or 304)
        {
            length = 0;
        }
        else
        {
            // A body that ends with the connection: no server that is worth a load test answers a POST like this.
            return OperationStatus.InvalidData;
        }

        reply = new(status, bodyStart, length, fields.KeepAlive, fields.RetryAfter);
        return OperationStatus.Done;
    }

    private static OperationStatus JoinChunks(Span<byte> body, out int length)
    {
        var result = WalkChunks(body, join: false, out length);
        return result is OperationStatus.Done ? WalkChunks(body, join: true, out length) : result;
    }

    private static OperationStatus WalkChunks(Span<byte> body, bool join, out int length)
    {
        length = 0;
        for (var at = 0; ;)
        {
            var lineLength = body[at..].IndexOf("\r\n"u8);
            if (lineLength < 0)
            {
                return OperationStatus.NeedMoreData;
            }

            if (!Utf8Parser.TryParse(body.Slice(at, lineLength), out int size, out var digits, 'x') || digits is 0 || size < 0)
            {
                return OperationStatus.InvalidData;
            }

            at += lineLength + 2;
            if (size is 0)
            {
                return EndOfTrailers(body[at..]);
            }

            if (size > body.Length - at - 2)
            {
                return OperationStatus.NeedMoreData;
            }

            if (join)
            {
                body.Slice(at, size).CopyTo(body[length..]);
            }

            length += size;
            at += size + 2;
        }
    }

    private static OperationStatus EndOfTrailers(ReadOnlySpan<byte> trailers) =>
        trailers.StartsWith("\r\n"u8) || trailers.IndexOf("\r\n\r\n"u8) >= 0 ? OperationStatus.Done : OperationStatus.NeedMoreData;

    private struct Fields
    {
        public bool KeepAlive;
        public bool Chunked;
        public long? ContentLength;
        public TimeSpan? RetryAfter;

        public void Read(ReadOnlySpan<byte> line)
        {
            var colon = line.IndexOf((byte)':');
            if (colon < 0)
            {
                return;
            }

            var name = line[..colon];
            var value = line[(colon + 1)..].Trim((byte)' ');
            switch (name.Length)
            {
                case 14 when Ascii.EqualsIgnoreCase(name, "Content-Length"u8):
                    ContentLength = Utf8Parser.TryParse(value, out long length, out _) && length >= 0 ? length : null;
                    break;
                case 17 when Ascii.EqualsIgnoreCase(name, "Transfer-Encoding"u8):
                    Chunked = Ascii.EqualsIgnoreCase(value, "chunked"u8);
                    break;
                case 10 when Ascii.EqualsIgnoreCase(name, "Connection"u8):
                    KeepAlive = KeepAlive && !Ascii.EqualsIgnoreCase(value, "close"u8);
                    break;
                case 11 when Ascii.EqualsIgnoreCase(name, "Retry-After"u8):
                    RetryAfter = ReadRetryAfter(value);
                    break;
            }
        }

        private static TimeSpan? ReadRetryAfter(ReadOnlySpan<byte> value)
        {
            if (Utf8Parser.TryParse(value, out uint seconds, out var digits) && digits == value.Length)
            {
                return TimeSpan.FromSeconds(seconds);
            }

            if (DateTimeOffset.TryParse(Encoding.ASCII.GetString(value), CultureInfo.InvariantCulture, out var date))
            {
                var wait = date - DateTimeOffset.UtcNow;
                return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
            }

            return null;
        }
    }
}
