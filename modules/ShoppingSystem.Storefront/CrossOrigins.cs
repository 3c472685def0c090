using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Net.Http.Headers;

namespace ShoppingSystem.Storefront;

/// <summary>
/// The origins whose pages may call the storefront from a browser (section <c>Cors</c>). With none, only its own page may.
/// </summary>
public sealed class CrossOriginOptions : IValidatableObject
{
    /// <summary>The configuration section that these options are read from.</summary>
    public const string Section = "Cors";

    internal const string Any = "*";

    internal const string Key = $"{Section}:{nameof(Origins)}";

    /// <summary>
    /// Origins as browsers write them (<c>https://shop.example.com</c>), or <c>*</c> alone for all. With <c>*</c>, requests
    /// can't carry credentials of the browser, such as cookies.
    /// </summary>
    [Description("origins (https://front.example.com) whose pages may call it from a browser; * alone: all, without credentials")]
    public IReadOnlyList<string> Origins { get; set; } = [];

    /// <summary>Checks that each value is an origin: a browser would never send anything else.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Origins.Contains(Any) && Origins.Count > 1)
        {
            yield return new($"{Key}: {Any} stands for all, and so alone.", [nameof(Origins)]);
            yield break;
        }

        foreach (var (i, origin) in Origins.Index().Where(entry => entry.Item is not Any && !IsOrigin(entry.Item)))
        {
            yield return new($"{Key}:{i}: '{origin}' is not an origin such as https://shop.example.com (no path, no slash at the end, no port that goes without saying).", [nameof(Origins)]);
        }
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var origin)
        && origin is { Scheme: "http" or "https", Host: not "" }
        && !text.Contains(Any, StringComparison.Ordinal)
        && origin.GetLeftPart(UriPartial.Authority).Equals(text, StringComparison.OrdinalIgnoreCase)
        && origin.UserInfo is "";
}

/// <summary>Lets pages of the configured origins use the API (CORS).</summary>
internal static class CrossOrigins
{
    private const string IdempotencyKey = "Idempotency-Key";

    private static readonly TimeSpan PreflightHolds = TimeSpan.FromMinutes(10);

    public static void AddCrossOrigins(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<CrossOriginOptions>().BindConfiguration(CrossOriginOptions.Section).ValidateDataAnnotations()
            .Validate(_ => string.IsNullOrEmpty(builder.Configuration[CrossOriginOptions.Key]), $"{CrossOriginOptions.Key} is a list: its first is {CrossOriginOptions.Key}:0.")
            .ValidateOnStart();
        if (builder.Configuration.GetSection(CrossOriginOptions.Section).Get<CrossOriginOptions>() is { Origins: { Count: > 0 } origins })
        {
            builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy => Allow(policy, origins)));
        }
    }

    private static void Allow(CorsPolicyBuilder policy, IReadOnlyList<string> origins)
    {
        policy.WithMethods("GET", "HEAD", "POST")
            .WithHeaders(
                HeaderNames.Accept, HeaderNames.Authorization, HeaderNames.ContentEncoding, HeaderNames.ContentType, IdempotencyKey,
                HeaderNames.TraceParent, HeaderNames.TraceState)
            .WithExposedHeaders(HeaderNames.Link, HeaderNames.RetryAfter)
            .SetPreflightMaxAge(PreflightHolds);
        if (origins is [CrossOriginOptions.Any])
        {
            policy.AllowAnyOrigin();
        }
        else
        {
            policy.WithOrigins([.. origins]).AllowCredentials();
        }
    }
}
