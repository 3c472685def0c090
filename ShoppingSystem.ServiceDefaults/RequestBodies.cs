using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// Accepts JSON bodies in all usual forms (<c>application/json</c>, <c>text/json</c>, <c>…+json</c>; any charset that .NET
/// knows, in any spelling; compressed or not), and passes them to the endpoints as <c>application/json</c> in UTF-8.
/// </summary>
internal static class RequestBodies
{
    private const string Json = "application/json";
    private const string JsonInUtf8 = "application/json; charset=utf-8";
    private const string TextJson = "text/json";
    private const string Utf8 = "utf8";
    private const string Identity = "identity";
    private const string GZip = "gzip";

    // The name that older clients use for gzip (RFC 9110, 8.4.1.3).
    private const string OldGZip = "x-gzip";
    private const string Taken = $"{GZip}, deflate, br";

    public static void AddRequestBodies(this WebApplicationBuilder builder) =>
        builder.Services.AddRequestDecompression(options => options.DecompressionProviders.Add(OldGZip, options.DecompressionProviders[GZip]));

    /// <summary>Call it before routing, which selects endpoints by the type of the body.</summary>
    public static void UseOneJsonType(this WebApplication app) => app.Use((context, next) =>
    {
        if (context.Request.ContentType is { } type && type is not (Json or JsonInUtf8) && IsJson(type, out var charset))
        {
            context.Request.ContentType = Json;
            if (!IsUtf8(charset))
            {
                context.Features.Set(new Charset(charset));
            }
        }

        return next(context);
    });

    /// <summary>
    /// Reads bodies that are compressed or in another charset. They are read to the end here, so that their errors are reported
    /// here. The size limit of a body also holds for the decompressed size.
    /// </summary>
    public static void UseRequestBodies(this WebApplication app) => app.UseWhen(IsOdd, odd =>
    {
        odd.Use((context, next) => RefuseSeveralEncodings(context) ?? next(context));
        odd.UseRequestDecompression();
        odd.Use(async (context, next) =>
        {
            if (await ReadAsync(context) is { } refusal)
            {
                await refusal.ExecuteAsync(context);
                return;
            }

            await next(context);
        });
    });

    private static bool IsOdd(HttpContext context) =>
        (context.Request.Headers.ContentEncoding.Count > 0 || context.Features.Get<Charset>() is not null)
        && context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is true;

    private static bool IsJson(string contentType, out string charset)
    {
        charset = "";
        // Parameters may be empty (RFC 9110, 5.6.6), but the parser rejects them.
        if (!MediaTypeHeaderValue.TryParse(contentType.TrimEnd(' ', '\t', ';'), out var type)
            || !(Is(type.MediaType, Json) || Is(type.MediaType, TextJson) || Is(type.Suffix, "json")))
        {
            return false;
        }

        charset = HeaderUtilities.UnescapeAsQuotedString(type.Charset).ToString().Trim();
        return true;

        static bool Is(StringSegment text, string other) => text.Equals(other, StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsUtf8(string charset) =>
        charset is "" || charset.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).Equals(Utf8, StringComparison.OrdinalIgnoreCase);

    // A list with one encoding is valid, but the framework does not read lists.
    private static Task? RefuseSeveralEncodings(HttpContext context)
    {
        var headers = context.Request.Headers;
        string[] encodings = [.. headers.GetCommaSeparatedValues(HeaderNames.ContentEncoding).Where(encoding => !encoding.Equals(Identity, StringComparison.OrdinalIgnoreCase))];
        headers.ContentEncoding = encodings;
        return encodings.Length > 1 ? UnknownEncoding(context, encodings).ExecuteAsync(context) : null;
    }

    private static async Task<IResult?> ReadAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.Headers.ContentEncoding is { Count: > 0 } encodings)
        {
            return UnknownEncoding(context, encodings!);
        }

        var encoding = Encoding.UTF8;
        if (context.Features.Get<Charset>() is { Name: var charset } && (encoding = Find(charset)) is null)
        {
            return TypedResults.Problem($"The charset {charset} is not known; send UTF-8.", statusCode: StatusCodes.Status415UnsupportedMediaType);
        }

        var body = new MemoryStream();
        try
        {
            await request.Body.CopyToAsync(body, context.RequestAborted);
            if (encoding != Encoding.UTF8)
            {
                body = Transcode(body, encoding);
            }
        }
        catch (Exception e) when (e is InvalidDataException or DecoderFallbackException or EncoderFallbackException || e.Source is "System.IO.Compression.Brotli")
        {
            return Unreadable("is not what its Content-Encoding and its charset say");
        }
        catch (IOException e) when (e is not BadHttpRequestException)
        {
            return Unreadable("can't be read");
        }

        body.Position = 0;
        request.Body = body;
        request.ContentLength = body.Length;
        return null;
    }

    private static MemoryStream Transcode(MemoryStream body, Encoding encoding)
    {
        var bytes = body.GetBuffer().AsSpan(0, (int)body.Length);
        // A byte order mark tells big-endian UTF-16 from little-endian.
        if (encoding.CodePage == Encoding.Unicode.CodePage && bytes.StartsWith(Encoding.BigEndianUnicode.Preamble))
        {
            encoding = Encoding.BigEndianUnicode;
        }

        var preamble = encoding.Preamble;
        return new(Encoding.UTF8.GetBytes(encoding.GetString(bytes.StartsWith(preamble) ? bytes[preamble.Length..] : bytes)));
    }

    private static Encoding? Find(string charset)
    {
        try
        {
            return Encoding.GetEncoding(charset, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            // UTF-7 is known, but not supported.
            return null;
        }
    }

    private static ProblemHttpResult UnknownEncoding(HttpContext context, IEnumerable<string> encodings)
    {
        context.Response.Headers.AcceptEncoding = Taken;
        return TypedResults.Problem(
            $"The body is encoded as {string.Join(", ", encodings)}; one of {Taken} is taken, or none.", statusCode: StatusCodes.Status415UnsupportedMediaType);
    }

    private static ValidationProblem Unreadable(string complaint) => TypedResults.ValidationProblem([new("body", [complaint])]);

    private sealed record Charset(string Name);
}
