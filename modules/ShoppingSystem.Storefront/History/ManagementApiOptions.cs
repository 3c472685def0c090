using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace ShoppingSystem.Storefront;

/// <summary>The address of the management API, and the key that it requires.</summary>
internal sealed partial class ManagementApiOptions
{
    public const string Complaint = $"{HttpKey} (or {HttpsKey}) is not an http address such as {Default}.";

    private const string ApiKeyKey = "Management:ApiKey";
    private const string HttpKey = "services:management-api:http:0";
    private const string HttpsKey = "services:management-api:https:0";
    private const string Default = "http://localhost:8080";

    /// <summary>Null when the configured value is not an http address.</summary>
    public Uri? Url { get; private set; }

    public string? Key { get; private set; }

    // Aspire sets these keys; if it offers both, https is used.
    public void Read(IConfiguration configuration)
    {
        var address = configuration[HttpsKey] ?? configuration[HttpKey] ?? Default;
        // The slash at the end keeps a path in front of the routes.
        Url = Uri.TryCreate(AnyHost().Replace(address, "0.0.0.0").TrimEnd('/') + "/", UriKind.Absolute, out var url)
            && url is { Scheme: "http" or "https", Query: "", Fragment: "" } ? Callable(url) : null;
        Key = configuration[ApiKeyKey];
    }

    // The address may be copied from the setting on which the API listens. "All addresses" can be listened on, but not called:
    // loopback can.
    private static Uri Callable(Uri url)
    {
        var host = IPAddress.TryParse(url.Host, out var address) ? address : IPAddress.None;
        return host.Equals(IPAddress.Any) ? new UriBuilder(url) { Host = IPAddress.Loopback.ToString() }.Uri
            : host.Equals(IPAddress.IPv6Any) ? new UriBuilder(url) { Host = "localhost" }.Uri
            : url;
    }

    // "All addresses" in the notations of ASP.NET Core.
    [GeneratedRegex("(?<=^https?://)[*+](?=[:/]|$)", RegexOptions.IgnoreCase)]
    private static partial Regex AnyHost();
}
