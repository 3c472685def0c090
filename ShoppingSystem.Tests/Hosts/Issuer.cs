using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ShoppingSystem.Tests.Hosts;

/// <summary>As much of an OpenID Connect issuer as a service sees of it: a discovery document, keys, and the tokens it signs.</summary>
internal sealed class Issuer : IAsyncDisposable
{
    public const string Audience = "shop";
    private const string KeyId = "key-1";

    private readonly RSA _key = RSA.Create(2048);
    private readonly RSA _anotherKey = RSA.Create(2048);
    private WebApplication? _app;

    /// <summary>Its name and address; nobody answers there before <see cref="StartAsync"/>.</summary>
    public required Uri Address { get; init; }

    private string Name => Address.ToString().TrimEnd('/');

    private static long Now => DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    /// <summary>An address where nobody listens yet.</summary>
    public static Uri FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
    }

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(Name);
        _app = builder.Build();
        _app.MapGet("/.well-known/openid-configuration", () => Results.Json(new { issuer = Name, jwks_uri = $"{Name}/keys" }));
        _app.MapGet("/keys", () =>
        {
            var key = _key.ExportParameters(includePrivateParameters: false);
            return Results.Json(new { keys = new[] { new { kty = "RSA", use = "sig", alg = "RS256", kid = KeyId, n = Text(key.Modulus!), e = Text(key.Exponent!) } } });
        });
        await _app.StartAsync();
    }

    /// <summary>A token that is in order.</summary>
    public string Token(string subject) => Signed(Claims(subject));

    /// <summary>A token with one thing wrong.</summary>
    public string WrongToken(string subject, string what) => what switch
    {
        "expired" => Signed(Claims(subject, from: -7200, to: -3600)),
        "not valid yet" => Signed(Claims(subject, from: 3600, to: 7200)),
        "for another audience" => Signed(Claims(subject, audience: "bank")),
        "by another issuer" => Signed(Claims(subject, issuer: "https://login.example")),
        "without a signature" => $"{Part(new { alg = "none", typ = "JWT" })}.{Part(Claims(subject))}.",
        "without a signature, which it claims to have" => $"{Head()}.{Part(Claims(subject))}.",
        "signed with another key" => Signed(Claims(subject), _anotherKey),
        "signed with the public key as a password" => SignedWithPublicKey(Claims(subject)),
        "altered" => Altered(Signed(Claims("eve")), Claims(subject)),
        "no token" => "c2VjcmV0",
        _ => throw new ArgumentOutOfRangeException(nameof(what), what, null),
    };

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        _key.Dispose();
        _anotherKey.Dispose();
    }

    private static string Head() => Part(new { alg = "RS256", typ = "JWT", kid = KeyId });

    private static string Altered(string token, object claims)
    {
        var parts = token.Split('.');
        return $"{parts[0]}.{Part(claims)}.{parts[2]}";
    }

    private static string Part(object json) => Text(JsonSerializer.SerializeToUtf8Bytes(json));

    private static string Text(byte[] bytes) => Base64Url.EncodeToString(bytes);

    private object Claims(string subject, string audience = Audience, string? issuer = null, int from = -60, int to = 600) =>
        new { iss = issuer ?? Name, aud = audience, sub = subject, nbf = Now + from, iat = Now + from, exp = Now + to };

    private string Signed(object claims, RSA? key = null)
    {
        var content = $"{Head()}.{Part(claims)}";
        return $"{content}.{Text((key ?? _key).SignData(Encoding.ASCII.GetBytes(content), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private string SignedWithPublicKey(object claims)
    {
        var content = $"{Part(new { alg = "HS256", typ = "JWT", kid = KeyId })}.{Part(claims)}";
        return $"{content}.{Text(HMACSHA256.HashData(Encoding.ASCII.GetBytes(_key.ExportSubjectPublicKeyInfoPem()), Encoding.ASCII.GetBytes(content)))}";
    }
}
