using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Configuration.KeyPerFile;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>Where a setting comes from, for messages to people.</summary>
internal static class Origin
{
    public static string Of(IConfigurationRoot configuration, string key) => ProviderOf(configuration, key) switch
    {
        EnvironmentVariablesConfigurationProvider => $"environment variable {key.Replace(":", "__", StringComparison.Ordinal)}",
        CommandLineConfigurationProvider => "command line",
        JsonConfigurationProvider { Source.Path: { } path } => path,
        KeyPerFileConfigurationProvider => $"file {key.Replace(":", "__", StringComparison.Ordinal)} in Secrets:Directory",
        _ => "configuration",
    };

    public static bool IsEnvironment(IConfigurationRoot configuration, string key) =>
        ProviderOf(configuration, key) is EnvironmentVariablesConfigurationProvider;

    private static IConfigurationProvider? ProviderOf(IConfigurationRoot configuration, string key) =>
        configuration.Providers.LastOrDefault(provider => provider.TryGet(key, out _));
}
