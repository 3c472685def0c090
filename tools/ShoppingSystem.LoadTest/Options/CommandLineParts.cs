using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace ShoppingSystem.LoadTest;

/// <summary>What the command lines of the tools have in common.</summary>
internal static class CommandLineParts
{
    /// <summary>Whether the option is on the command line, and not only its default.</summary>
    public static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>The value of the option if it is on the command line; else <paramref name="otherwise"/>.</summary>
    public static T Value<T>(ParseResult parsed, Option<T> option, T otherwise) =>
        IsGiven(parsed, option) ? parsed.GetValue(option)! : otherwise;

    /// <summary>A line for each option that is on the command line although its rule does not allow it.</summary>
    public static IEnumerable<string> NotAllowed(ParseResult parsed, (bool Allowed, string Reason, Option[] Options)[] rules) =>
        from rule in rules
        where !rule.Allowed
        from option in rule.Options
        where IsGiven(parsed, option)
        select $"{option.Name} {rule.Reason}";

    /// <summary>Parses a file to write to. It is checked before the work, so that an unusable file does not fail only after it.</summary>
    public static string? ParseFile(ArgumentResult result) =>
        result.Tokens[0].Value is { Length: > 0 } file && !Directory.Exists(file) && Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(file)))
            ? file
            : Fail<string>(result, "a file in a directory that exists");

    /// <summary>Reports that the option's value is not what is expected.</summary>
    public static T? Fail<T>(ArgumentResult result, string expected)
    {
        var option = (result.Parent as OptionResult)?.Option.Name;
        result.AddError($"{option}: {result.Tokens[0].Value} is not {expected}");
        return default;
    }

    /// <summary>Has the help end with examples.</summary>
    public static void ShowExamples(this RootCommand root, string examples)
    {
        foreach (var help in root.Options.OfType<HelpOption>())
        {
            help.Action = new HelpWithExamples((HelpAction)help.Action!, examples);
        }
    }

    /// <summary>Shows the help, whatever else is on the command line.</summary>
    internal sealed class HelpWithExamples(HelpAction help, string examples) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var result = help.Invoke(parseResult);
            parseResult.InvocationConfiguration.Output.WriteLine(examples);
            return result;
        }
    }
}
