using Spectre.Console;

namespace ShoppingSystem.LoadTest;

/// <summary>The console that reports are written to.</summary>
internal static class Terminal
{
    private const int FileWidth = 120;

    /// <summary>The terminal; or, when output goes into a file, a console without colours.</summary>
    public static IAnsiConsole Open()
    {
        if (!Console.IsOutputRedirected)
        {
            return AnsiConsole.Console;
        }

        var page = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(Console.Out),
        });
        page.Profile.Width = FileWidth;
        return page;
    }
}
