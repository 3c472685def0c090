using System.Globalization;
using System.Text;

namespace ShoppingSystem.Tests.Support;

/// <summary>
/// Makes requests as bytes, each with a few things wrong with it: from a purchase with one odd value to what is hardly HTTP.
/// The same seed makes the same requests.
/// </summary>
/// <param name="seed">What the requests depend on.</param>
/// <param name="ids">Ids that exist, to be used where a route takes one.</param>
internal sealed class MalformedRequests(int seed, IReadOnlyList<Guid> ids)
{
    /// <summary>Part of many requests: a page that contains it as it stands would run what others wrote.</summary>
    public const string Marker = "<fuzz";

    private static readonly string[] Methods = ["GET", "POST", "GET", "POST", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "get", "FOO", "BUY-IT", "G@T", ""];

    private static readonly string[] Routes =
    [
        "/api/v1/buy", "/api/buy", "/api/v1/getAllUserBuys/{}", "/api/user/{}/purchases", "/api/getAllUserBuys/{}", "/api/v1/users/{}/summary",
        "/api/v1/purchases/{}", "/api/purchases/{}", "/api/purchases", "/api/v1/stats", "/api/v1/stats/stream", "/api/v1/dead-letters",
        "/api/v1/dead-letters/{id}/replay", "/api/v1/dead-letters/{id}", "/api/v1/dead-letters/{}/replay", "/", "/index.html", "/docs",
        "/docs/index.html", "/openapi/v1.json", "/openapi/{}.json", "/-/healthy", "/-/serving", "/-/ready", "/alive", "/health", "/{}", "/{}/{}", "/api/{}", "/docs/{}",
    ];

    private static readonly string[] Segments =
    [
        "1", "user1", "%00", "a%00b", "%ff", "%FF%FE", "%c0%af", "%C3", "%e2%82", "%ed%a0%80", "%F0%9F%9B%92", "%2F", "a%2fb", "a%2Fb%2F", "%252F", "%5C", "\\",
        "..", ".", "%2e%2e", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%2f..", "%", "%%", "%2", "%zz", "%u0041", "é", "🛒", "\u202e", "a b", "a+b", "a%20b", "a%09b", "a%0d%0aX: y",
        "~", "*", "$", "{x}", "[", "]", "|", "^", "`", "\"", "<script>", ";", "a;b=c", ":", "@", "&", "=", "'--", "a%7fb", "%E2%80%A8", "NaN", "null", "-1", "18446744073709551616",
        "<fuzz>", "%3Cfuzz%22%27%3E", "<fuzz\"'>", "purchases", "00000000-0000-0000-0000-000000000000", "018d21b4-7f8b-7000-8000-000000000001", "",
    ];

    private static readonly string[] Queries =
    [
        "limit=1", "limit=0", "limit=-1", "limit=1001", "limit=2147483648", "limit=99999999999999999999", "limit=1e3", "limit=", "limit", "limit=%00", "limit=one", "limit=1&limit=2",
        "limit=\u0661", "limit=+1", "limit=%201", "before=", "before=x", "before=%00", "before=%ff", "before=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "before=f_________8AAAAAAAAAAAAAAAAAAAAA",
        "before=gAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "before=AAAAAAAAAAAAAAA%20AAAAAAAAAAAAAAAA", "before=AAAAAAAAAAAAAAA+AAAAAAAAAAAAAAAA", "before=____________________________________________",
        "userId=1", "userId=", "userId=%00", "userId=%ff", "userId=a%2Fb", "userId=1&userId=2", "userId=é", "userId=%ed%a0%80", "userid=1", "=", "&&&", "?", "%", "%zz=%zz", "a[]=1", "#x",
        "limit=<fuzz>", "before=%3Cfuzz%3E", "userId=%3Cfuzz%22%3E", "url=<fuzz>", "configUrl=%3Cfuzz%22%3E", "%3Cfuzz%3E=1",
    ];

    private static readonly string[] Headers =
    [
        "Idempotency-Key: ", "Idempotency-Key: a", "Idempotency-Key: a\r\nIdempotency-Key: b", "Idempotency-Key: \u0001", "Idempotency-Key: é🛒", "Idempotency-Key: a\tb", "Idempotency-Key: \u007f",
        "X-API-Key: \u00ff", "X-API-Key: ", "Accept: nonsense", "Accept: */*;q=2", "Accept-Encoding: gzip;q=x", "Accept-Language: \"", "Cookie: =;;=", "Range: bytes=9-1", "Range: bytes=-", "If-Modified-Since: never",
        "If-None-Match: \"", "If-Match: *", "Expect: 100-continue", "Expect: the-worst", "Connection: upgrade\r\nUpgrade: websocket", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x",
        "traceparent: 00-0-0-0", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tracestate: ,,,", "baggage: a=\u0001", "Authorization: Bearer", "Authorization: \u0001", "X-Forwarded-For: x, 999.1.1.1",
        "X-Forwarded-Proto: javascript", "Forwarded: for=\"", "Content-Encoding: gzip", "Content-Encoding: br, br", "Content-Language: \u00ff", "X-HTTP-Method-Override: DELETE", "Host: other", "Host: [", "NoColon", ": novalue",
        " folded: yes", "Bad Name: x", "X-Null: a\0b", "X-Bare: a\rb", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity", "Transfer-Encoding: chunked, chunked", "Content-Length: -1", "Content-Length: 1, 2",
        "Content-Length: 99999999999999999999", "Content-Length: x", "Origin: null", "Sec-Fetch-Site: cross-site",
        "Idempotency-Key: <fuzz>", "Referer: http://x/<fuzz>", "Origin: http://<fuzz>", "Accept-Language: <fuzz>", "User-Agent: <fuzz\"'>", "X-Forwarded-Host: <fuzz>", "X-Forwarded-Prefix: /<fuzz>", "Accept: text/html",
    ];

    private static readonly string[] Types =
    [
        "application/json", "application/json", "application/json", "application/json", "application/json; charset=utf-8", "application/json; charset=utf-16", "application/json; charset=bogus", "application/json; charset=", "application/json; charset=\"\"",
        "application/json; charset=utf-7", "application/json; charset=iso-8859-1", "application/json;;;", "application/JSON; x=\"", "application/vnd.x+json", "text/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
        "multipart/form-data; boundary=", "application/xml", "*/*", "nonsense", "/", "", "application/json, text/plain", "\u00ff",
    ];

    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "-0", "1", "-1", "12.00", "0.0001", "0.00001", "1e9", "1e10", "1e28", "1e29", "1E400", "-1e400", "1e-400", "1.", ".5", "01", "+1", "0x10", "NaN", "Infinity", "79228162514264337593543950335",
        "79228162514264337593543950336", "0.30000000000000004", "\"\"", "\" \"", "\"1\"", "\"12.5\"", "\"1e999\"", "\"NaN\"", "\"u\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\ud83d\\uded2\"", "\"🛒é\\u202e\\ufeff\"", "\"\\x\"", "\"\\u12\"",
        "\"a\nb\"", "\"a\\nb\"", "\"unclosed", "[]", "[1]", "{}", "{\"a\":{\"b\":[]}}", "\"a/b\"", "\"a%2Fb\"", "\"'; DROP TABLE purchases; --\"", "\"2024-01-19T11:20:00Z\"", "undefined", "", "/* c */ 1", "\"<fuzz>\"", "\"<fuzz onload='x'>\"",
    ];

    private static readonly string[] Fields = ["username", "userid", "userId", "USERID", "price", "item", "id", "timestamp", "extra", "", "__proto__", "$type", "\\u0070rice", "\\ud800", "<fuzz>"];

    private readonly Random _random = new(seed);

    /// <summary>The next request, and whether its version is one that a server may not know.</summary>
    public (byte[] Bytes, bool OddVersion) Next()
    {
        if (Chance(40))
        {
            return (Noise(_random.Next(300)), true);
        }

        var buying = Chance(4);
        var oddVersion = Chance(60);
        var body = Body();
        var chunked = Chance(10);
        var head = new StringBuilder()
            .Append(buying && !Chance(4) ? "POST" : Pick(Methods)).Append(' ').Append(Target(buying)).Append(' ')
            .Append(oddVersion ? Pick(["HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "HTTP/1.1.1", "http/1.1", "FTP/1.1", "", "HTTP/"]) : Pick(["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]))
            .Append(Chance(80) ? "\n" : "\r\n");
        if (!Chance(40))
        {
            head.Append("Host: ").Append(Chance(20) ? Pick(["", "a b", "[::1", "é", "host:99999", "..", "a,b", "127.0.0.1"]) : "localhost").Append("\r\n");
        }

        if (!Chance(15))
        {
            head.Append("Content-Type: ").Append(Chance(2) ? "application/json" : Pick(Types)).Append("\r\n");
        }

        for (var i = Chance(3) ? _random.Next(1, 4) : 0; i > 0; i--)
        {
            head.Append(Pick(Headers)).Append("\r\n");
        }

        if (Chance(150))
        {
            head.Append("X-Long: ").Append('x', _random.Next(5_000, 100_000)).Append("\r\n");
        }

        head.Append("Connection: close\r\n");
        if (chunked)
        {
            head.Append("Transfer-Encoding: chunked\r\n\r\n");
            return ([.. Encoding.UTF8.GetBytes(head.ToString()), .. Chunks(body)], oddVersion);
        }

        if (body.Length > 0 || Chance(3))
        {
            // Now and then it promises less, or more, than there is.
            var length = Math.Max(0, body.Length + (Chance(15) ? _random.Next(-5, 50) : 0));
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {length}\r\n");
        }

        head.Append(Chance(100) ? "" : "\r\n");
        return ([.. Encoding.UTF8.GetBytes(head.ToString()), .. body], oddVersion);
    }

    private string Target(bool buying)
    {
        var route = (buying ? Pick(["/api/v1/buy", "/api/buy"]) : Pick(Routes)).Replace("{id}", ids.Count > 0 ? ids[_random.Next(ids.Count)].ToString() : "0", StringComparison.Ordinal);
        while (route.Contains("{}", StringComparison.Ordinal))
        {
            var at = route.IndexOf("{}", StringComparison.Ordinal);
            var segment = Chance(25) ? new string(Pick(["x", "é", "%41", "🛒", "/", "%2F"])[0], _random.Next(1, 9_000)) : Pick(Segments) + (Chance(4) ? Pick(Segments) : "");
            route = string.Concat(route.AsSpan(0, at), segment.Replace("{}", "", StringComparison.Ordinal), route.AsSpan(at + 2));
        }

        if (Chance(20))
        {
            route = Pick(["//", "/./", "/../", "", "http://other", "http://", "*", " ", "\t"]) + route;
        }

        if (Chance(40))
        {
            return $"{route}?x={new string(Pick(["x", "\"", "<"])[0], _random.Next(1, 8_200))}";
        }

        return Chance(2) ? route : $"{route}?{string.Join('&', Enumerable.Range(0, _random.Next(1, 4)).Select(_ => Pick(Queries)))}";
    }

    private byte[] Body()
    {
        switch (_random.Next(15))
        {
            case 0:
                return [];
            case 1:
                return Noise(_random.Next(500));
            case 2:
                var depth = _random.Next(1, 5_000);
                return Encoding.UTF8.GetBytes($"{{\"{Pick(Fields)}\":{new string('[', depth)}{new string(']', Chance(2) ? depth : 0)}}}");
            case 3:
                return Encoding.UTF8.GetBytes($$"""{"username":"u","userid":"1","price":1,"item":"{{new string('x', _random.Next(100, 20_000))}}"}""");
            case 4:
                return Encoding.UTF8.GetBytes($$"""{"username":"u","userid":"1","price":{{new string('9', _random.Next(1, 3_000))}}.{{new string('1', _random.Next(1, 1_000))}}}""");
            case 5:
                return Pick([Encoding.Unicode, Encoding.BigEndianUnicode, Encoding.UTF32, Encoding.Latin1]).GetBytes("\ufeff{\"username\":\"é\",\"userid\":\"1\",\"price\":1}");
            case 6 or 7 or 8:
                // Nothing wrong with it: what is wrong is elsewhere.
                return """{"username":"u","userid":"1","price":1.50}"""u8.ToArray();
            default:
                var fields = Chance(2) ? ["username", Pick(["userid", "userId"]), "price"] : Enumerable.Range(0, _random.Next(6)).Select(_ => Pick(Fields)).ToArray();
                var json = $"{{{string.Join(',', fields.Select(field => $"\"{field}\":{(Chance(2) ? field is "price" ? "1.5" : "\"u\"" : Pick(Values))}"))}}}";
                var bytes = Encoding.UTF8.GetBytes(json);
                if (Chance(3) && bytes.Length > 0)
                {
                    bytes[_random.Next(bytes.Length)] = (byte)_random.Next(256);
                }

                return bytes;
        }
    }

    private byte[] Chunks(byte[] body) => Pick<byte[]>(
    [
        [.. Encoding.ASCII.GetBytes($"{body.Length:x}\r\n"), .. body, .. "\r\n0\r\n\r\n"u8],
        [.. Encoding.ASCII.GetBytes($"{body.Length:x};ext=\"\r\n"), .. body, .. "\r\n0\r\nTrailer: x\r\n\r\n"u8],
        [.. "ffffffffffffffff\r\n"u8, .. body],
        [.. "-1\r\n"u8, .. body],
        [.. "zz\r\n"u8, .. body],
        [.. "5\r\n"u8, .. body],
        [.. "0\r\n"u8],
        [],
    ]);

    private byte[] Noise(int length)
    {
        var noise = new byte[length];
        _random.NextBytes(noise);
        return noise;
    }

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;

    private T Pick<T>(ReadOnlySpan<T> from) => from[_random.Next(from.Length)];
}
