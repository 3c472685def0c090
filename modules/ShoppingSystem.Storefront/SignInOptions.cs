using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace ShoppingSystem.Storefront;

/// <summary>The issuer that identifies customers (section <c>Authentication</c>). Without an authority there is no sign-in.</summary>
public sealed class SignInOptions : IValidatableObject
{
    /// <summary>The configuration section that these options are read from.</summary>
    public const string Section = "Authentication";

    private const string AuthorityKey = $"{Section}:{nameof(Authority)}";
    private const string AudienceKey = $"{Section}:{nameof(Audience)}";

    /// <summary>The OpenID Connect issuer whose tokens are accepted; its keys are read from its discovery document.</summary>
    [Description("customers sign in with tokens of this OpenID Connect issuer")]
    public string? Authority { get; set; }

    /// <summary>The audience that a token must be for.</summary>
    [Description("for whom these tokens must be")]
    public string? Audience { get; set; }

    /// <summary>Whether customers have to sign in.</summary>
    public bool IsOn => Authority is not null;

    /// <summary>
    /// Whether the issuer must be called over https. Only an issuer on this machine may use http: its answers can't be changed
    /// on the way.
    /// </summary>
    public bool RequiresHttps => !(Uri.TryCreate(Authority, UriKind.Absolute, out var authority) && authority.IsLoopback);

    /// <summary>Checks that the authority is reached securely, and that an audience is configured for its tokens.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IsOn)
        {
            if (Audience is not null)
            {
                yield return new($"{AudienceKey} is set without {AuthorityKey}: nobody would have to sign in.", [nameof(Audience)]);
            }

            yield break;
        }

        if (!Uri.TryCreate(Authority, UriKind.Absolute, out var authority) || authority.Scheme is not ("https" or "http"))
        {
            yield return new($"{AuthorityKey} is not an address such as https://login.example.com.", [nameof(Authority)]);
        }
        else if (authority.Scheme is "http" && RequiresHttps)
        {
            yield return new($"{AuthorityKey} must be an https address: whoever is on the way could let anybody in.", [nameof(Authority)]);
        }

        if (string.IsNullOrWhiteSpace(Audience))
        {
            yield return new($"{AudienceKey} is missing: without it, tokens that were issued for others would be accepted.", [nameof(Audience)]);
        }
    }
}
