using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>
/// Secrets as files, as container platforms mount them: each file is a setting; its name is the key (with <c>__</c> for
/// <c>:</c>), its content the value.
/// </summary>
internal static class SecretFiles
{
    private const string Key = "Secrets:Directory";

    /// <summary>Adds the files of the directory <c>Secrets:Directory</c>, if one is configured; they override all other settings.</summary>
    /// <exception cref="ConfigurationException">The directory can't be read.</exception>
    public static WebApplicationBuilder AddSecretFiles(this WebApplicationBuilder builder)
    {
        var directory = builder.Configuration[Key];
        if (string.IsNullOrWhiteSpace(directory))
        {
            return builder;
        }

        var path = Path.GetFullPath(directory);
        if (!Directory.Exists(path))
        {
            throw new ConfigurationException($"{Key}: there is no directory {path}.");
        }

        try
        {
            builder.Configuration.AddKeyPerFile(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{Key}: {e.Message}", e);
        }

        return builder;
    }
}
