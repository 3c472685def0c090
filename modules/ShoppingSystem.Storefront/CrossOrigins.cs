using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
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

    /// <exception cref="OptionsValidationException">The configured value is not a list of origins; the message names the key.</exception>
    public static void AddCrossOrigins(this IHostApplicationBuilder builder)
    {
        var options = builder.Configuration.GetSection(CrossOriginOptions.Section).Get<CrossOriginOptions>() ?? new();
        var problems = new List<ValidationResult>();
        if (!string.IsNullOrEmpty(builder.Configuration[CrossOriginOptions.Key]))
        {
            problems.Add(new($"{CrossOriginOptions.Key} is a list: its first is {CrossOriginOptions.Key}:0."));
        }

        Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true);
        if (problems.Count > 0)
        {
            throw new OptionsValidationException(CrossOriginOptions.Key, typeof(CrossOriginOptions), problems.Select(problem => problem.ErrorMessage!));
        }

        if (options.Origins.Count > 0)
        {
            builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy => Allow(policy, options.Origins)));
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
