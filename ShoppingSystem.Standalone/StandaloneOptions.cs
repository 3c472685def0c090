using System.ComponentModel.DataAnnotations;

namespace ShoppingSystem.Standalone;

/// <summary>Where Standalone keeps its files and where it listens (section <c>Shopping</c>).</summary>
public sealed class StandaloneOptions : IValidatableObject
{
    /// <summary>The configuration section that these options are read from.</summary>
    public const string Section = "Shopping";

    /// <summary>The directory of the data files; made when it is missing.</summary>
    [Required]
    public string DataDirectory { get; set; } = Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "ShoppingSystem");

    /// <summary>Where the shop listens.</summary>
    [Required]
    public string WebServerUrl { get; set; } = "http://127.0.0.1:8081";

    /// <summary>Where the management API listens.</summary>
    [Required]
    public string ManagementApiUrl { get; set; } = "http://127.0.0.1:8080";

    /// <summary>Checks that both addresses are http addresses.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IsHttp(WebServerUrl))
        {
            yield return new($"'{WebServerUrl}' is not an http address such as http://127.0.0.1:8081.", [nameof(WebServerUrl)]);
        }

        if (!IsHttp(ManagementApiUrl))
        {
            yield return new($"'{ManagementApiUrl}' is not an http address such as http://127.0.0.1:8080.", [nameof(ManagementApiUrl)]);
        }
    }

    private static bool IsHttp(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri is { Scheme: "http", PathAndQuery: "/" };
}
