using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace ShoppingSystem.ServiceDefaults;

/// <summary>A setting that can't be used; the message names its key.</summary>
public sealed class ConfigurationException : Exception
{
    /// <summary>The setting can't be used for the reason given.</summary>
    public ConfigurationException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}

/// <summary>Reads settings. A wrong one stops the start with a message that names it.</summary>
public static class ConfigurationExtensions
{
    /// <summary>The options in <paramref name="section"/>, with their defaults for settings that are not configured.</summary>
    /// <exception cref="ConfigurationException">A value has the wrong type or is not allowed; the message names its key.</exception>
    public static T Read<T>(this IConfiguration configuration, string section) where T : class, new()
    {
        var options = new T();
        try
        {
            configuration.GetSection(section).Bind(options);
        }
        catch (InvalidOperationException e)
        {
            throw new ConfigurationException(e.Message, e);
        }

        var problems = new List<ValidationResult>();
        if (!Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true))
        {
            throw new ConfigurationException(string.Join(' ', problems.Select(problem => Describe(section, problem))));
        }

        return options;
    }

    /// <summary>Checks that connection strings with these names are configured.</summary>
    /// <exception cref="ConfigurationException">One is missing or empty; the message names its key.</exception>
    public static IHostApplicationBuilder RequireConnections(this IHostApplicationBuilder builder, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString(name)))
            {
                throw new ConfigurationException($"ConnectionStrings:{name} is missing.");
            }
        }

        return builder;
    }

    private static string Describe(string section, ValidationResult problem)
    {
        var keys = string.Join(", ", problem.MemberNames.Select(member => $"{section}:{member}"));
        return problem.ErrorMessage is { } message && message.StartsWith(keys, StringComparison.Ordinal) ? message : $"{keys}: {problem.ErrorMessage}";
    }
}
