using ShoppingSystem.ServiceDefaults;
using ShoppingSystem.Sqlite;

namespace ShoppingSystem.Standalone;

/// <summary>Commands that work on the files of a shop instead of opening it; the first argument names the command.</summary>
internal static class Commands
{
    private const string BackUp = "backup";
    private const string Check = "check";

    /// <summary>Whether the arguments are a command. Settings begin with a dash, commands do not.</summary>
    public static bool Has(string[] args) => args is [var first, ..] && first.Length > 0 && first[0] is not ('-' or '/') && !first.Contains('=', StringComparison.Ordinal);

    /// <exception cref="ConfigurationException">
    /// The command does not exist, or its arguments can't be used; the message lists the commands.
    /// </exception>
    /// <exception cref="StorageException">The command failed; the message says why.</exception>
    public static void Run(string[] args)
    {
        switch (args)
        {
            case [BackUp, var target, .. var settings] when IsOperand(target) && AreSettings(settings):
                var source = DataDirectory(settings);
                ShopFiles.BackUp(source, target, Console.WriteLine);
                Console.WriteLine($"{source} is copied to {target}.");
                break;
            case [Check, var directory, .. var settings] when IsOperand(directory) && AreSettings(settings):
                ShopFiles.Check(directory, Console.WriteLine);
                break;
            case [Check, .. var settings] when AreSettings(settings):
                ShopFiles.Check(DataDirectory(settings), Console.WriteLine);
                break;
            case [BackUp or Check, ..]:
                throw new ConfigurationException($"'{string.Join(' ', args)}' can't be understood. It is: {BackUp} DIRECTORY, or {Check} [DIRECTORY], then settings such as --{StandaloneOptions.Section}:{nameof(StandaloneOptions.DataDirectory)}=…");
            default:
                throw new ConfigurationException($"There is no command '{args[0]}'. There are: {BackUp} DIRECTORY, {Check} [DIRECTORY]; without one the shop is opened.");
        }
    }

    private static string DataDirectory(string[] settings) =>
        ServiceHost.CreateBuilder(settings, Startup.Settings).Configuration.Read<StandaloneOptions>(StandaloneOptions.Section).DataDirectory;

    private static bool IsOperand(string argument) => argument.Length > 0 && argument[0] != '-';

    // --key=value, or --key value.
    private static bool AreSettings(string[] arguments)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal))
            {
                return false;
            }

            if (!arguments[i].Contains('=', StringComparison.Ordinal) && ++i == arguments.Length)
            {
                return false;
            }
        }

        return true;
    }
}
