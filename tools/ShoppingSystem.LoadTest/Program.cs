using ShoppingSystem.LoadTest;
using Spectre.Console;

return await CommandLine.InvokeAsync(args, RunAsync, Console.Out, Console.Error);

static async Task<int> RunAsync(LoadTestOptions options)
{
    using var signals = new StopSignals();
    Task<LoadTestResult> Run(ILoadTestObserver observer) => LoadTestRun.RunAsync(options.Plan, observer, signals.Stop, signals.Abort);

    var result = Console.IsOutputRedirected
        ? await Run(new PlainDisplay(Console.Out))
        : await TerminalDisplay.RunAsync(AnsiConsole.Console, Run);

    FinalReport.Print(AnsiConsole.Console, result);
    await JsonReport.WriteAsync(options.JsonFile, result);
    return ExitCode.Of(result);
}
