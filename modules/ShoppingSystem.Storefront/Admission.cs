using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ShoppingSystem.Storefront;

/// <summary>The limits of the storefront (section <c>Admission</c>).</summary>
public sealed class AdmissionOptions
{
    /// <summary>The configuration section that these options are read from.</summary>
    public const string Section = "Admission";

    /// <summary>
    /// The most purchases that are processed at a time, and the most histories; a request above either limit is answered 503 at
    /// once. While Kafka replaces one of three brokers, every third purchase waits for up to 9 s: at 700 a second, some 2,100
    /// purchases.
    /// </summary>
    [Range(1, 1_000_000, ErrorMessage = "Admission:MaxConcurrentRequests must be between {1} and {2}.")]
    [Description("the most purchases that are worked on at a time, and the most histories")]
    public int MaxConcurrentRequests { get; set; } = 4096;

    /// <summary>
    /// How many requests one client may send per second on average; above that the answer is 429. A client is an IPv4 address
    /// or an IPv6 /64 network, the smallest network that a site has. Loopback is not limited.
    /// </summary>
    [Range(1, 1_000_000, ErrorMessage = "Admission:RequestsPerSecond must be between {1} and {2}.")]
    [Description("what one client address (of IPv6, one /64) may send a second")]
    public int RequestsPerSecond { get; set; } = 100;

    /// <summary>How many requests one client may send at once after a pause.</summary>
    [Range(1, 1_000_000, ErrorMessage = "Admission:Burst must be between {1} and {2}.")]
    [Description("what it may send at once")]
    public int Burst { get; set; } = 200;
}

/// <summary>
/// Two limits in front of the storefront's API. Above its capacity it refuses requests instead of slowing down for all:
/// admitted requests keep their latency, and the others are told at once to retry later. The limit per client keeps one client
/// from using the whole capacity.
/// </summary>
internal static class Admission
{
    private const string PerClient = "per-client";

    private static readonly Admitted Unlimited = new("");

    private static readonly System.Net.IPNetwork Translated = System.Net.IPNetwork.Parse("64:ff9b::/96");

    public static void AddAdmission(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<AdmissionOptions>().BindConfiguration(AdmissionOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddRateLimiter(_ => { });
        builder.Services.AddOptions<RateLimiterOptions>().Configure<IOptions<AdmissionOptions>>((limiter, admission) =>
        {
            limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, Admitted>(context => context.GetEndpoint()?.Metadata.GetMetadata<Admitted>() is { } admitted
                ? RateLimitPartition.GetConcurrencyLimiter(admitted, _ => new() { PermitLimit = admission.Value.MaxConcurrentRequests })
                : RateLimitPartition.GetNoLimiter(Unlimited));
            limiter.AddPolicy(PerClient, context => ClientPartition(context.Connection.RemoteIpAddress, admission.Value));
            limiter.OnRejected = RefuseAsync;
        });
    }

    /// <summary>Puts the endpoints of <paramref name="group"/> behind the limits.</summary>
    /// <param name="group">The endpoints.</param>
    /// <param name="kind">
    /// What they do. Each kind has its own permits, so that purchases that wait for the log don't block histories.
    /// </param>
    public static TBuilder RequireAdmission<TBuilder>(this TBuilder group, string kind) where TBuilder : IEndpointConventionBuilder =>
        group.RequireRateLimiting(PerClient).WithMetadata(new Admitted(kind));

    private static RateLimitPartition<IPAddress> ClientPartition(IPAddress? address, AdmissionOptions options) =>
        address is null || ClientOf(address) is var client && IPAddress.IsLoopback(client)
            ? RateLimitPartition.GetNoLimiter(IPAddress.Loopback)
            : RateLimitPartition.GetTokenBucketLimiter(client, _ => new()
            {
                TokenLimit = options.Burst,
                TokensPerPeriod = options.RequestsPerSecond,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            });

    /// <summary>
    /// The client that an address belongs to: the IPv4 address, also if it is embedded in an IPv6 address (mapped, RFC 4291;
    /// translated, RFC 6052); otherwise the /64 network, because a client can use any of its 2^64 addresses (RFC 6177, RFC
    /// 8981).
    /// </summary>
    internal static IPAddress ClientOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (!address.TryWriteBytes(bytes, out var length) || length < bytes.Length || address.Equals(IPAddress.IPv6Loopback))
        {
            return address;
        }

        if (address.IsIPv4MappedToIPv6 || Translated.Contains(address))
        {
            return new IPAddress(bytes[12..]);
        }

        bytes[8..].Clear();
        return new IPAddress(bytes, address.ScopeId);
    }

    // Only the limit per client provides the time after which a retry will be admitted.
    private static ValueTask RefuseAsync(OnRejectedContext rejected, CancellationToken cancellationToken)
    {
        var response = rejected.HttpContext.Response;
        if (rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait))
        {
            response.StatusCode = StatusCodes.Status429TooManyRequests;
            response.Headers.RetryAfter = Math.Ceiling(Math.Max(1, wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }
        else
        {
            response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }

        return ValueTask.CompletedTask;
    }

    private sealed record Admitted(string Kind);
}
