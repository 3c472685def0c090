using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Text.RegularExpressions;

namespace ShoppingSystem.Standalone;

/// <summary>Where Standalone keeps its files and where it listens (section <c>Shopping</c>).</summary>
public sealed partial class StandaloneOptions : IValidatableObject
{
    /// <summary>The configuration section that these options are read from.</summary>
    public const string Section = "Shopping";

    private const string AnyHost = "*";

    /// <summary>The directory of the data files; created if it is missing.</summary>
    [Required]
    [Description("where its files are")]
    public string DataDirectory { get; set; } = Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "ShoppingSystem");

    /// <summary>The address of the shop; port 0 means any free port.</summary>
    [Required]
    [Description("where the shop listens")]
    public string WebServerUrl { get; set => field = Normalize(value); } = "http://127.0.0.1:8081";

    /// <summary>The address of the management API; port 0 means any free port.</summary>
    [Required]
    [Description("where the management API listens")]
    public string ManagementApiUrl { get; set => field = Normalize(value); } = "http://127.0.0.1:8080";

    /// <summary>Checks that both addresses are http addresses, and that they differ.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var shop = Read(WebServerUrl);
        if (shop is null)
        {
            yield return new($"'{WebServerUrl}' is not an http address such as http://127.0.0.1:8081.", [nameof(WebServerUrl)]);
        }

        var management = Read(ManagementApiUrl);
        if (management is null)
        {
            yield return new($"'{ManagementApiUrl}' is not an http address such as http://127.0.0.1:8080.", [nameof(ManagementApiUrl)]);
        }

        if (shop is { Port: > 0 } && management?.Port == shop.Port && (shop.Host == management.Host || IsAny(shop) || IsAny(management)))
        {
            yield return new($"{ManagementApiUrl} is the address of both services; each needs one of its own.", [nameof(WebServerUrl), nameof(ManagementApiUrl)]);
        }
    }

    private static bool IsAny(Uri url) => IPAddress.TryParse(url.Host, out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));

    // An invalid address is returned unchanged, so that the error message shows it as it was written.
    private static string Normalize(string url) => Read(url) switch
    {
        null => url,
        var address when Wildcard().IsMatch(url) => $"http://{AnyHost}:{address.Port}",
        var address => address.GetLeftPart(UriPartial.Authority),
    };

    private static Uri? Read(string? url) =>
        Uri.TryCreate(Wildcard().Replace(url ?? "", "${scheme}[::]"), UriKind.Absolute, out var address)
        && address is { Scheme: "http", PathAndQuery: "/", Fragment: "", UserInfo: "" } ? address : null;

    // "All addresses" in the notations of ASP.NET Core.
    [GeneratedRegex(@"^\s*(?<scheme>http://)[*+](?=[:/]|\s*$)", RegexOptions.IgnoreCase)]
    private static partial Regex Wildcard();
}
