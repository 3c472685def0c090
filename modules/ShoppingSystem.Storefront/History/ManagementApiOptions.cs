using Microsoft.Extensions.Configuration;

namespace ShoppingSystem.Storefront;

/// <summary>Where the management API is, and the key that it wants.</summary>
internal sealed class ManagementApiOptions
{
    public const string Complaint = $"{HttpKey} (or {HttpsKey}) is not an http address such as {Default}.";

    public const string KeyComplaint = $"{ApiKeyKey} begins or ends with a space, or has a control character: no header can carry it.";

    private const string ApiKeyKey = "Management:ApiKey";
    private const string HttpKey = "services:management-api:http:0";
    private const string HttpsKey = "services:management-api:https:0";
    private const string Default = "http://localhost:8080";

    /// <summary>Null when what is configured is no http address.</summary>
    public Uri? Url { get; private set; }

    public string? Key { get; private set; }

    /// <summary>Whether a header can carry the key.</summary>
    public bool IsKeyUsable => Key is null || (Key == Key.Trim() && !Key.Any(char.IsControl));

    // Aspire injects the address under these keys; https is what it says where both are offered.
    public void Read(IConfiguration configuration)
    {
        var address = configuration[HttpsKey] ?? configuration[HttpKey] ?? Default;
        // With a slash at its end, a path before the routes is kept.
        Url = Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var url) && url is { Scheme: "http" or "https", Query: "", Fragment: "" } ? url : null;
        Key = configuration[ApiKeyKey];
    }
}
