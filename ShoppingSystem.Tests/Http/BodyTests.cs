using System.IO.Compression;
using System.Net;
using System.Text;
using ShoppingSystem.Tests.Support;

namespace ShoppingSystem.Tests.Http;

/// <summary>Bodies as clients of all kinds write them, on every route that takes one.</summary>
public sealed class BodyTests(ShopFixture fixture) : IClassFixture<ShopFixture>
{
    private const string Purchase = """{"username":"é","userid":"bodies","price":1}""";
    private const string Json = "application/json";

    private static readonly string[] Routes = ["/api/v1/buy", "/api/buy"];

    private readonly InProcessShop _shop = fixture.Shop;

    [Theory]
    [InlineData("application/json")]
    [InlineData("APPLICATION/JSON; Charset=UTF-8")]
    [InlineData("application/json; charset=\"utf-8\"")]
    [InlineData("application/json;charset=utf8")]
    [InlineData("application/json; charset=\"UTF8\"")]
    [InlineData("application/json; charset=utf_8")]
    [InlineData("application/json; charset=")]
    [InlineData("application/json;")]
    [InlineData("application/json; profile=\"a;b\"; charset=utf-8")]
    [InlineData("text/json")]
    [InlineData("text/json; charset=\"utf-8\"")]
    [InlineData("application/vnd.shop+json")]
    [InlineData("application/anything+JSON; charset=utf8")]
    [InlineData("application/json; charset=utf-16", "utf-16")]
    [InlineData("application/json; charset=\"UTF-16\"", "utf-16BE")]
    [InlineData("text/json; charset=iso-8859-1", "iso-8859-1")]
    public async Task JSON_of_any_media_type_name_and_charset_is_accepted(string type, string charset = "utf-8")
    {
        var encoding = Encoding.GetEncoding(charset);
        foreach (var route in Routes)
        {
            using var reply = await SendAsync(route, [.. encoding.Preamble, .. encoding.GetBytes(Purchase)], type);

            var text = await reply.Content.ReadAsStringAsync();
            Assert.True(reply.IsSuccessStatusCode, $"{(int)reply.StatusCode} {text}");
            Assert.True(route is "/api/buy" || text.Contains("\"é\"", StringComparison.Ordinal), text);
        }
    }

    [Theory]
    [InlineData("application/json; charset=bogus", "bogus")]
    [InlineData("application/json; charset=utf-7", "utf-7")]
    [InlineData("application/json; charset=\"\\\"\"", "\"")]
    [InlineData("text/plain", "text/plain")]
    [InlineData("application/json, text/plain", "application/json, text/plain")]
    [InlineData("application/json-seq", "application/json-seq")]
    [InlineData(null, "Content-Type: application/json")]
    public async Task Another_media_type_or_charset_is_415_and_named(string? type, string named)
    {
        foreach (var route in Routes)
        {
            using var reply = await SendAsync(route, "{}"u8.ToArray(), type);

            var problem = await reply.ProblemAsync(HttpStatusCode.UnsupportedMediaType);
            Assert.Contains(named, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_body_that_does_not_match_its_charset_is_refused()
    {
        using var reply = await SendAsync("/api/v1/buy", Encoding.UTF8.GetBytes(Purchase), "application/json; charset=us-ascii");

        await reply.RefusesAsync("body");
    }

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("GZip", "gzip")]
    [InlineData("x-gzip", "gzip")]
    [InlineData("br", "br")]
    [InlineData("deflate", "deflate")]
    [InlineData("identity, br", "br")]
    [InlineData("identity", "none")]
    public async Task A_compressed_body_is_accepted(string encoding, string compression)
    {
        foreach (var route in Routes)
        {
            using var plain = await SendAsync(route, Compress(Encoding.UTF8.GetBytes(Purchase), compression), Json, encoding);
            using var chunked = await SendAsync(route, Compress(Encoding.UTF8.GetBytes(Purchase), compression), Json, encoding, chunked: true);
            using var wide = await SendAsync(route, Compress(Encoding.Unicode.GetBytes(Purchase), compression), "application/json; charset=utf-16", encoding);

            Assert.All((HttpResponseMessage[])[plain, chunked, wide], reply => Assert.True(reply.IsSuccessStatusCode, $"{route}: {(int)reply.StatusCode}"));
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task The_body_limit_holds_for_the_decompressed_body(string encoding)
    {
        byte[] fits = [.. Encoding.UTF8.GetBytes(Purchase), .. Enumerable.Repeat((byte)' ', (16 * 1024) - Encoding.UTF8.GetByteCount(Purchase))];
        foreach (var route in Routes)
        {
            using var enough = await SendAsync(route, Compress(fits, encoding), Json, encoding);
            using var tooMuch = await SendAsync(route, Compress([.. fits, (byte)' '], encoding), Json, encoding);
            using var bomb = await SendAsync(route, Compress(new byte[4_000_000], encoding), Json, encoding);

            Assert.True(enough.IsSuccessStatusCode, $"{route}: {(int)enough.StatusCode}");
            await tooMuch.ProblemAsync(HttpStatusCode.RequestEntityTooLarge);
            await bomb.ProblemAsync(HttpStatusCode.RequestEntityTooLarge);
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task A_body_that_can_not_be_decompressed_is_refused(string encoding)
    {
        var whole = Compress(Encoding.UTF8.GetBytes(Purchase), encoding);
        byte[] altered = [.. whole];
        altered[whole.Length / 2] ^= 0xFF;
        foreach (var route in Routes)
        {
            // Brotli has no checksum: what is altered may come out as something else.
            foreach (var broken in (byte[][])[Encoding.UTF8.GetBytes(Purchase), whole[..(whole.Length / 2)], [0], .. encoding is "br" ? Array.Empty<byte[]>() : [altered]])
            {
                using var reply = await SendAsync(route, broken, Json, encoding);
                var problem = await reply.ProblemAsync(HttpStatusCode.BadRequest);
                Assert.True(problem.TryGetProperty("errors", out _));
            }
        }
    }

    [Theory]
    [InlineData("zstd")]
    [InlineData("compress")]
    [InlineData("gzip, br")]
    [InlineData("nonsense")]
    public async Task An_unknown_content_encoding_is_415_and_the_known_ones_are_named(string encoding)
    {
        foreach (var route in Routes)
        {
            using var reply = await SendAsync(route, Encoding.UTF8.GetBytes(Purchase), Json, encoding);

            await reply.ProblemAsync(HttpStatusCode.UnsupportedMediaType);
            Assert.Equal("gzip, deflate, br", string.Join(", ", reply.Headers.GetValues("Accept-Encoding")));
        }
    }

    /// <summary>The event that corrects a dead letter is read as it is, by code of its own.</summary>
    [Theory]
    [InlineData("text/json; charset=\"utf-8\"", "utf-8", "gzip", HttpStatusCode.OK)]
    [InlineData("application/cloudevents+json; charset=utf-16", "utf-16", "br", HttpStatusCode.OK)]
    [InlineData("application/json", "utf-8", "broken", HttpStatusCode.BadRequest)]
    [InlineData("application/json; charset=bogus", "utf-8", "none", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("text/plain", "utf-8", "none", HttpStatusCode.UnsupportedMediaType)]
    public async Task A_correction_accepts_the_same_media_types_charsets_and_encodings_as_a_purchase(string type, string charset, string compression, HttpStatusCode expected)
    {
        await using var shop = await InProcessShop.StartAsync(events: ["not json"u8.ToArray()]);
        var id = "";
        await Eventually.TrueAsync(
            async () =>
            {
                using var letters = System.Text.Json.JsonDocument.Parse(await shop.Management.GetStringAsync("/api/v1/dead-letters"));
                id = letters.RootElement.EnumerateArray().Select(letter => letter.GetProperty("id").GetString()!).FirstOrDefault("");
                return id is not "";
            },
            "there is a dead letter");

        var body = Encoding.GetEncoding(charset).GetBytes(Purchase);
        using var reply = await SendAsync(shop.Management, $"/api/v1/dead-letters/{id}/replay", compression is "broken" ? body : Compress(body, compression), type, compression switch
        {
            "none" => null,
            "broken" => "gzip",
            _ => compression,
        });

        Assert.Equal(expected, reply.StatusCode);
        if (expected is HttpStatusCode.OK)
        {
            Assert.Contains("\"é\"", await reply.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    private Task<HttpResponseMessage> SendAsync(string route, byte[] body, string? type, string? encoding = null, bool chunked = false) =>
        SendAsync(_shop.Shop, route, body, type, encoding, chunked);

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, string route, byte[] body, string? type, string? encoding = null, bool chunked = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, route) { Content = new ByteArrayContent(body) };
        request.Headers.TransferEncodingChunked = chunked;
        if (type is not null)
        {
            Assert.True(request.Content.Headers.TryAddWithoutValidation("Content-Type", type));
        }

        if (encoding is not null)
        {
            Assert.True(request.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding));
        }

        return await client.SendAsync(request);
    }

    private static byte[] Compress(byte[] body, string compression)
    {
        using var compressed = new MemoryStream();
        using (Stream stream = compression switch
        {
            "gzip" => new GZipStream(compressed, CompressionLevel.Optimal),
            "br" => new BrotliStream(compressed, CompressionLevel.Optimal),
            "deflate" => new ZLibStream(compressed, CompressionLevel.Optimal),
            _ => new BufferedStream(compressed),
        })
        {
            stream.Write(body);
        }

        return compressed.ToArray();
    }
}
