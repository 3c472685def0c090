namespace ShoppingSystem.ServiceDefaults;

/// <summary>The command line as .NET's configuration reads it, except that no argument is ignored.</summary>
internal static class CommandLineArguments
{
    /// <summary>Whether <c>--help</c>, or one of its other names, is among the arguments.</summary>
    public static bool AskForHelp(IEnumerable<string> arguments) => arguments.Any(argument => argument.ToUpperInvariant() is "--HELP" or "-H" or "-?" or "/?");

    /// <summary>Whether <c>--version</c> is among the arguments.</summary>
    public static bool AskForVersion(IEnumerable<string> arguments) => arguments.Any(argument => argument.ToUpperInvariant() is "--VERSION");

    /// <summary>The keys that are set.</summary>
    /// <exception cref="ConfigurationException">An argument is not a setting, or a setting has no value.</exception>
    public static IEnumerable<string> Keys(IEnumerable<string> arguments)
    {
        using var rest = arguments.GetEnumerator();
        while (rest.MoveNext())
        {
            var argument = rest.Current;
            var prefix = argument.StartsWith("--", StringComparison.Ordinal) ? 2 : argument.StartsWith('/') ? 1 : 0;
            var equals = argument.IndexOf('=');
            var key = argument[prefix..(equals < 0 ? argument.Length : equals)];
            if (key.ToUpperInvariant() is "HELP" or "VERSION" && prefix > 0)
            {
                throw new ConfigurationException($"{argument[..equals]} takes no value.");
            }

            if (key.Length == 0 || key.StartsWith('-') || (prefix == 0 && equals < 0))
            {
                throw new ConfigurationException($"'{(equals < 0 ? argument : argument[..equals])}' is not an option. Settings are --KEY=VALUE; --help lists them.");
            }

            yield return key;

            if (equals < 0 && (!rest.MoveNext() || rest.Current.StartsWith("--", StringComparison.Ordinal)))
            {
                throw new ConfigurationException($"{argument} has no value: {argument}=VALUE.");
            }
        }
    }
}
